"""Where MemoryLoop is installed: in a checkout of its repository, or as a package from a wheel.

In a checkout templates, static files and the data are in its folders, and commands are run with
manage.py. A wheel has templates and static files inside of this package; the data goes where the
system keeps a program's data of its user, and the command is `memoryloop`.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
# Every checkout has it, and no wheel.
_CHECKOUT = _PACKAGE.parent if (_PACKAGE.parent / "manage.py").is_file() else None
# The folder with `templates` and `static`.
HOME = _CHECKOUT or _PACKAGE

# What Python is given to run MemoryLoop's commands. -P: from whatever folder.
PROGRAM = [str(_CHECKOUT / "manage.py")] if _CHECKOUT else ["-P", "-m", "memoryloop"]


def default_data_folder() -> Path:
    """Return where the data is unless MEMORYLOOP_DATA says otherwise."""
    if _CHECKOUT:
        return _CHECKOUT / "data"
    # The doctor, which reads this module, has to run without any package.
    import platformdirs

    return platformdirs.user_data_path("memoryloop", appauthor=False)


def command(words: str) -> str:
    """Return what a person types to run a command: `manage.py checkpoint`."""
    return f"{'manage.py' if _CHECKOUT else 'memoryloop'} {words}"


def serve_command() -> str:
    """Return what a person types to serve."""
    return "make run" if _CHECKOUT else "memoryloop"


def repair_command() -> str:
    """Return what a person does to have the packages as they should be."""
    return "`make install`" if _CHECKOUT else "the command that installed MemoryLoop"
