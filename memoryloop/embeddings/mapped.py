"""The model as onnxruntime makes it ready, kept in a file that processes share.

The weights are int8 in the package and float32 when they are computed with: 90 MB, which each
process would work out and hold for itself. Here the model is written anew once, so that it computes
with them as they are (`compact`), and its file is mapped: of the table of words, half of it, only
what texts use comes into memory. After a pause, as a learner makes, a question takes 0.8 of the
time, since most of that was reading weights; many texts at once take 1.3 of it.
"""

import contextlib
import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnxruntime

logger = logging.getLogger(__name__)

_COMPACT = Path(__file__).with_name("compact.py")
_COMPACT_SECONDS = 60.0
# How often a model's time is taken, and how much longer than with float32 it may take: a processor
# may lack the instructions for int8.
_TRIALS, _SLOWER_MOST = 8, 1.5
_MODEL, _WEIGHTS = "model.onnx", "weights.bin"
# What is there while it is made.
_WITH_INT8, _WITH_FLOAT32, _WRITTEN = "int8", "float32", "written.onnx"
# Smaller ones stay in the model's own file.
_WEIGHT_LEAST_BYTES = 1_024
# How the names of folders begin that are being made.
_NEW = "new-model-"
# What is in the names of all that is kept.
_OURS = "-onnxruntime-"


def session(
    source: Path, options: "onnxruntime.SessionOptions", folder: Path | None
) -> "onnxruntime.InferenceSession":
    """Return a session of a model, from what is kept of it in `folder` or else from the source.

    `options` are used up. A folder that cannot be written, or whose files are broken, costs the
    memory and nothing else. Raises what onnxruntime raises.
    """
    import onnxruntime

    kept = _kept(source, folder)
    if kept is not None:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        try:
            return _opened(kept / _MODEL, options)
        except Exception:
            # Written by a process or a disk that failed: the next start makes it anew.
            shutil.rmtree(kept, ignore_errors=True)
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    return _opened(source, options)


def _kept(source: Path, folder: Path | None) -> Path | None:
    """Return the folder with the model made ready, made now if it is missing; None if it cannot."""
    import onnxruntime

    if folder is None:
        return None
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(_COMPACT.read_bytes())
    kept = folder / f"{digest.hexdigest()[:16]}{_OURS}{onnxruntime.__version__}"
    if kept.is_dir():
        return kept
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _prune(folder)
        with tempfile.TemporaryDirectory(dir=folder, prefix=_NEW) as made:
            quickest = _make(source, Path(made))
            # Whoever is first: the others' is the same.
            with contextlib.suppress(OSError):
                quickest.rename(kept)
    except Exception:
        return None
    return kept if kept.is_dir() else None


def _make(source: Path, folder: Path) -> Path:
    """Make the model ready, with its int8 weights and with float32; return the better's folder."""
    usual, compact, written = folder / _WITH_FLOAT32, folder / _WITH_INT8, folder / _WRITTEN
    _make_ready(source, usual)
    try:
        subprocess.run(  # noqa: S603 - a program and files of ours
            [sys.executable, str(_COMPACT), str(source), str(written)],
            check=True,
            capture_output=True,
            timeout=_COMPACT_SECONDS,
        )
        _make_ready(written, compact)
        is_slow = _seconds(compact) > _SLOWER_MOST * _seconds(usual)
    except Exception:
        logger.warning("The embedding model is used with float32 weights.", exc_info=True)
        return usual
    return usual if is_slow else compact


def _make_ready(source: Path, folder: Path) -> None:
    import onnxruntime

    folder.mkdir()
    options = onnxruntime.SessionOptions()
    # Beyond this the result depends on the processor, and the folder may move to another machine.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(folder / _MODEL)
    prefix = "session.optimized_model_external_initializers"
    options.add_session_config_entry(f"{prefix}_file_name", _WEIGHTS)
    options.add_session_config_entry(f"{prefix}_min_size_in_bytes", str(_WEIGHT_LEAST_BYTES))
    _opened(source, options)
    for name in (_MODEL, _WEIGHTS):
        with (folder / name).open("rb") as file:
            os.fsync(file.fileno())


def _seconds(folder: Path) -> float:
    """Return what one short text takes at best, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = _opened(folder / _MODEL, options)
    inputs = {each.name: np.ones((1, 16), dtype=np.int64) for each in session.get_inputs()}
    best = float("inf")
    for _ in range(_TRIALS):
        began = time.perf_counter()
        session.run(None, inputs)
        best = min(best, time.perf_counter() - began)
    return best


def _prune(folder: Path) -> None:
    """Remove what other versions kept, or began an hour ago; who uses it yet has it until they end.

    Nothing else: the folder may be one where somebody keeps other things, too.
    """
    ours = {_MODEL, _WEIGHTS, _WITH_INT8, _WITH_FLOAT32, _WRITTEN}
    left = [each for each in folder.glob(f"{_NEW}*") if each.stat().st_mtime < time.time() - 3_600]
    for each in [*folder.glob(f"*{_OURS}*"), *left]:
        if {name.name for name in each.iterdir()} <= ours:
            shutil.rmtree(each, ignore_errors=True)


def _opened(path: Path, options: "onnxruntime.SessionOptions") -> "onnxruntime.InferenceSession":
    import onnxruntime

    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
