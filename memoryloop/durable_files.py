"""Files and folders that are still there, and whole, after a power cut.

A file's content is on the disk once the file was flushed; its name, once its folder was.
"""

import contextlib
import os
import tempfile
from pathlib import Path


def flush(path: Path) -> None:
    """Have the system write a file's content, or the names in a folder, to the disk now."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_all(folder: Path) -> None:
    """Have the system write everything in a folder to the disk now."""
    for path in (*folder.rglob("*"), folder):
        flush(path)


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Make a folder, and those above it, where they are missing."""
    if path.is_dir():
        return
    if path.parent != path:
        make_folder(path.parent)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=mode)
    flush(path.parent)


def write(path: Path, content: bytes, *, replace: bool = True) -> None:
    """Write a file that only its owner may read: all of it under its name, or nothing.

    The folder must exist. Without `replace`, a file that is there already stays.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    aside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if replace:
            aside.replace(path)
        else:
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(aside)
        flush(path.parent)
    finally:
        aside.unlink(missing_ok=True)
