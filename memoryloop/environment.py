"""Read settings from the environment, with errors that name the variable."""

import ipaddress
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from memoryloop import durable_files

# Every variable is in it.
_LOOK_UP = "See docs/settings.md."
# Too many to guess.
_TOKEN_CHARACTERS = 16


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool = False) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}: say true or false. {_LOOK_UP}")


def integer(name: str, default: int, *, least: int | None = None, most: int | None = None) -> int:
    value = text(name)
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} is {value!r}: it must be a whole number. {_LOOK_UP}"
        ) from None
    if least is not None and number < least:
        raise ImproperlyConfigured(f"{name} is {number}: it must be {least} or more. {_LOOK_UP}")
    if most is not None and number > most:
        raise ImproperlyConfigured(f"{name} is {number}: it must be {most} or less. {_LOOK_UP}")
    return number


def choice(name: str, choices: Sequence[str], default: str) -> str:
    value = text(name, default).lower()
    if value not in choices:
        raise ImproperlyConfigured(
            f"{name} is {value!r}: say one of {', '.join(choices)}. {_LOOK_UP}"
        )
    return value


def words(name: str, default: Sequence[str] = ()) -> list[str]:
    """Return the comma-separated items of a variable."""
    value = text(name)
    return [item.strip() for item in value.split(",") if item.strip()] if value else list(default)


def networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Return the addresses and networks of a variable; an address is a network of one."""
    try:
        return [ipaddress.ip_network(word, strict=False) for word in words(name)]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} must name addresses or networks, such as 127.0.0.1,10.0.0.0/8 ({error}). "
            f"{_LOOK_UP}"
        ) from None


def folder(name: str, default: Path) -> Path:
    return Path(text(name, str(default))).expanduser().absolute()


def backups(name: str, folder: Path, *, default: bool) -> tuple[bool, str]:
    """Return whether backups are made each night, and where: a folder or s3://bucket/prefix.

    `on`, `off`, or the place. What is off has a place as well, for backups before upgrades.
    """
    value = text(name, "on" if default else "off")
    if value.lower() in {"on", "true", "yes", "1"}:
        return True, str(folder)
    if value.lower() in {"off", "false", "no", "0"}:
        return False, str(folder)
    scheme, found, rest = value.partition("://")
    if not found:
        return True, str(Path(value).expanduser().absolute())
    if scheme != "s3" or not rest.strip("/"):
        raise ImproperlyConfigured(
            f"{name} is {value!r}: say a folder, s3://bucket/prefix or off. {_LOOK_UP}"
        )
    return True, value.rstrip("/")


def bearer_token(name: str, file: Path) -> str:
    """Return the token that a variable asks for; nothing where it is `off`.

    `on` has one made once, in a file with mode 0600. Everything else is the token itself.
    """
    value = text(name, "off")
    if value.lower() in {"off", "false", "no", "0"}:
        return ""
    if value.lower() in {"on", "true", "yes", "1"}:
        return _kept_secret(name, file)
    if len(value) < _TOKEN_CHARACTERS or not value.isascii() or len(value.split()) > 1:
        raise ImproperlyConfigured(
            f"{name} must be off, on, or a token of {_TOKEN_CHARACTERS} or more ASCII characters "
            f"without spaces. {_LOOK_UP}"
        )
    return value


def secret(name: str, file: Path) -> str:
    """Return a secret from the environment, else from a file that is made once with mode 0600.

    Raises ImproperlyConfigured if the file is empty: what an older version made may have been lost
    with the power, and what was encrypted with it is not to be lost by making another.
    """
    return text(name) or _kept_secret(name, file)


def _kept_secret(name: str, file: Path) -> str:
    try:
        if found := file.read_text().strip():
            return found
        raise ImproperlyConfigured(
            f"{file} is empty: put it back from a backup, or remove it to have a new one made. "
            "Then everybody logs in again, or API keys have to be entered again."
        )
    except FileNotFoundError:
        pass
    except OSError as error:
        blocked = _not_enterable(file)
        raise ImproperlyConfigured(
            f"{blocked} cannot be entered ({error.strerror}): "
            "set MEMORYLOOP_DATA to a folder that can."
            if blocked
            else f"{file} cannot be read ({error.strerror}): set {name} or mend the file."
        ) from error
    value = secrets.token_urlsafe(48)
    try:
        durable_files.make_folder(file.parent, 0o700)
        # Of two processes starting at once both end with the secret of the first.
        durable_files.write(file, f"{value}\n".encode(), replace=False)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{file.parent} cannot be written ({error.strerror}): "
            f"set MEMORYLOOP_DATA to a folder that can, or set {name}."
        ) from error
    return file.read_text().strip()


def _not_enterable(file: Path) -> Path | None:
    """Return the outermost folder of a file's that this process may not enter, or that is none."""
    for folder in reversed(file.parents):
        if not folder.is_dir() or not os.access(folder, os.X_OK):
            return folder
    return None
