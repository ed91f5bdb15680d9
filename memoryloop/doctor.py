"""`memoryloop doctor`: checks this machine, and says of each thing that is wrong what to do.

Each check imports what it needs only when it runs, and none needs the others: the doctor is for a
machine on which the program does not start.
"""

import functools
import importlib
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from memoryloop import installation

# Packages with compiled parts, of which a system may lack a fitting one.
_COMPILED = (
    *("argon2", "cryptography", "lancedb", "math_core", "nh3", "numpy"),
    *("onnxruntime", "orjson", "PIL", "psycopg", "pyarrow", "pydantic", "zstandard"),
)
_FREE_BYTES = 1024**3
_POSTGRES = 15


class Wrong(Exception):
    """Something is wrong. The message says what, and what to do."""


def main(arguments: Sequence[str] = ()) -> int:
    """Run all checks, print a line for each, and return the exit status: 1 if one found a fault."""
    if arguments:
        sys.stderr.write("memoryloop doctor takes no arguments.\n")
        return 2
    faults = 0
    for name, check in CHECKS:
        try:
            said, sign = check(), "ok"
        except Wrong as wrong:
            said, sign = str(wrong), "!!"
        except ImportError as error:
            said, sign = _missing(error), "!!"
        except Exception as error:
            # A check that fails itself is told as a fault: the rest are still worth knowing.
            line = traceback.format_exception_only(error)[-1].strip()
            said, sign = f"{line} (please report this)", "!!"
        faults += sign != "ok"
        sys.stdout.write(f"{sign}  {name:<11} {said}\n")
        sys.stdout.flush()
    sys.stdout.write(
        f"\n{faults} of {len(CHECKS)} checks found a fault.\n"
        if faults
        else f"\nNothing is wrong here. `{installation.serve_command()}` starts MemoryLoop.\n"
    )
    return 1 if faults else 0


def _python() -> str:
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"


def _packages() -> str:
    missing = []
    for name in _COMPILED:
        try:
            importlib.import_module(name)
        except Exception as error:
            missing.append(f"{name} ({error})")
    if not missing:
        return f"{len(_COMPILED)} packages with compiled parts can be loaded"
    where = " MemoryLoop’s packages are not made for musl (Alpine)." if _is_musl() else ""
    raise Wrong(
        f"These packages cannot be loaded: {'; '.join(missing)}.{where} "
        f"Run {installation.repair_command()} again."
    )


def _is_musl() -> bool:
    return sys.platform == "linux" and not platform.libc_ver()[0]


def _settings() -> str:
    _set_up()
    from django.conf import settings

    return f"the settings can be read; {'debugging is on' if settings.DEBUG else 'no debugging'}"


def _data() -> str:
    _set_up()
    from django.conf import settings

    folder = Path(settings.DATA_DIR)
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise Wrong(
            f"{there} cannot be written ({error.strerror}): set MEMORYLOOP_DATA to a folder that "
            "can."
        ) from error
    free = shutil.disk_usage(there).free
    if free < _FREE_BYTES:
        raise Wrong(f"The disk of {folder} has {free // 1024**2} MB left: make room for 1 GB.")
    return f"{folder} ({free // 1024**3} GB free)"


def _postgres() -> str:
    _set_up()
    from django.conf import settings

    from memoryloop.postgres import server, unreachable

    if settings.EMBEDDED_POSTGRES is None:
        if problem := unreachable.check():
            raise Wrong(problem)
        return _postgres_of_address()
    try:
        program = server.binaries() / "postgres"
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            [program, "--version"], capture_output=True, text=True, check=True, timeout=60
        )
    except server.PostgresError as error:
        raise Wrong(str(error)) from error
    except (OSError, subprocess.SubprocessError) as error:
        raise Wrong(
            f"The PostgreSQL that comes along cannot run here ({error}): set DATABASE_URL to a "
            "PostgreSQL server."
        ) from error
    return f"{done.stdout.strip()}, which comes along"


def _postgres_of_address() -> str:
    from django.db import connection

    from memoryloop.postgres import extensions

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (version,) = cursor.fetchone()
    if int(version.partition(".")[0]) < _POSTGRES:
        connection.close()
        raise Wrong(f"PostgreSQL {version} is too old: DATABASE_URL must name one from 15 on.")
    said = [fault] if (fault := extensions.fault()) else []
    # An empty database gets what it lacks by its first migrations.
    if not said and _recorded_card_store() == "postgresql":
        said = extensions.lacking_for_cards()
    vector = extensions.pgvector_version()
    connection.close()
    if said:
        raise Wrong(" ".join(said))
    return f"PostgreSQL {version} with pgvector {vector}"


def _recorded_card_store() -> str:
    """Return which engine PostgreSQL recorded to have the cards; "" if none has any yet."""
    from django.db import connection

    with connection.cursor() as cursor:
        # In plain SQL: the database may be empty, or of an earlier version.
        cursor.execute("SELECT to_regclass('flashcards_storeversions') IS NOT NULL")
        if cursor.fetchone() != (True,):
            return ""
        cursor.execute(
            "SELECT coalesce(to_jsonb(v) ->> 'engine', 'lancedb') FROM flashcards_storeversions v"
        )
        found = cursor.fetchone()
    return str(found[0]) if found else ""


def _cards() -> str:
    engine, unknown = _card_store()
    if engine == "postgresql" and not unknown:
        return "kept in PostgreSQL"
    import lancedb

    with tempfile.TemporaryDirectory(prefix="memoryloop-doctor-") as folder:
        table = lancedb.connect(folder).create_table("check", [{"number": 1}])
        if table.count_rows() != 1:
            raise Wrong(
                "LanceDB cannot read what it has written to the folder for temporary files."
            )
    return f"LanceDB {lancedb.__version__} writes and reads" + (unknown and f"; {unknown}")


def _card_store() -> tuple[str, str]:
    """Return which engine has the cards, or will have them, and what is not known of that.

    Raises Wrong where CARD_STORE contradicts what is recorded.
    """
    try:
        if _why_not_set_up():
            return "lancedb", ""
    except ImportError:
        return "lancedb", ""
    from django.conf import settings
    from django.db import connection

    from memoryloop.postgres import unreachable

    wanted: str = settings.CARD_STORE
    server = settings.EMBEDDED_POSTGRES
    if server is not None and not server.was_started():
        return wanted, ""
    is_away = unreachable.check() if server is None else not server.answers()
    if is_away:
        lacks = "cannot be reached" if server is None else "is not running"
        return wanted, (
            "whether LanceDB or PostgreSQL has the cards cannot be told, as that is recorded in "
            f"PostgreSQL, which {lacks}"
        )
    recorded = _recorded_card_store()
    connection.close()
    if recorded and settings.CARD_STORE_IS_SET and recorded != wanted:
        command = installation.command(f"switch_store --to {wanted}")
        raise Wrong(
            f"CARD_STORE says {wanted}, and the cards are in {recorded}: move them with "
            f"`{command}`, or set CARD_STORE={recorded}."
        )
    return recorded or wanted, ""


def _meaning() -> str:
    _set_up()
    from memoryloop.embeddings import EmbeddingError, get_embedder

    try:
        get_embedder().embed(["How do cells get energy?"])
    except EmbeddingError as error:
        raise Wrong(error.sentence) from error
    return f"texts can be compared by meaning ({get_embedder().name})"


def _address() -> str:
    from django.core.exceptions import ImproperlyConfigured

    from memoryloop import environment

    try:
        host, port = environment.text("HOST", "127.0.0.1"), environment.integer("PORT", 8000)
    except ImproperlyConfigured as error:
        raise Wrong(str(error)) from error
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Wrong(
                f"Port {port} of {host} cannot be used ({error.strerror}): MemoryLoop runs there "
                f"already, or another program does. PORT={port + 1} chooses another."
            ) from error
    return f"port {port} of {host} is free"


def _set_up() -> None:
    """Prepare Django. Raises Wrong for a bad setting, or a package that cannot be loaded."""
    if why := _why_not_set_up():
        raise Wrong(why)


@functools.cache
def _why_not_set_up() -> str:
    """Return why Django cannot be prepared; "" if it is. It does not take a second attempt."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except ImproperlyConfigured as error:
        return str(error)
    except ImportError as error:
        return _missing(error)
    return ""


def _missing(error: ImportError) -> str:
    return f"This cannot be checked ({error}): run {installation.repair_command()} again."


CHECKS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("Python", _python),
    ("Packages", _packages),
    ("Settings", _settings),
    ("Data", _data),
    ("PostgreSQL", _postgres),
    ("Cards", _cards),
    ("Meaning", _meaning),
    ("Address", _address),
)
