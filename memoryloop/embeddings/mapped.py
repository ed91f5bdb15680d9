"""The model as onnxruntime makes it ready, kept in a file that processes share.

The weights are int8 in the package and float32 when they are computed with: 90 MB, which each
process would work out and hold for itself. Written once, they are mapped: loading takes a fifth of
the time, and of the table of words, half of it, only what texts use comes into memory.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnxruntime

_MODEL, _WEIGHTS = "model.onnx", "weights.bin"
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
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    kept = folder / f"{digest}{_OURS}{onnxruntime.__version__}"
    if kept.is_dir():
        return kept
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _prune(folder)
        with tempfile.TemporaryDirectory(dir=folder, prefix=_NEW) as made:
            _make(source, Path(made))
            # Whoever is first: the others' is the same.
            with contextlib.suppress(OSError):
                Path(made).rename(kept)
                # What TemporaryDirectory is to remove.
                Path(made).mkdir()
    except Exception:
        return None
    return kept if kept.is_dir() else None


def _make(source: Path, folder: Path) -> None:
    import onnxruntime

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


def _prune(folder: Path) -> None:
    """Remove what other versions kept, or began an hour ago; who uses it yet has it until they end.

    Nothing else: the folder may be one where somebody keeps other things, too.
    """
    left = [each for each in folder.glob(f"{_NEW}*") if each.stat().st_mtime < time.time() - 3_600]
    for each in [*folder.glob(f"*{_OURS}*"), *left]:
        if {name.name for name in each.iterdir()} <= {_MODEL, _WEIGHTS}:
            shutil.rmtree(each, ignore_errors=True)


def _opened(path: Path, options: "onnxruntime.SessionOptions") -> "onnxruntime.InferenceSession":
    import onnxruntime

    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
