"""The learner's own OpenAI-compatible server: save it, test it, choose who answers, remove it."""

import logging
from datetime import datetime
from urllib.parse import SplitResult, urlsplit

from django.views.decorators.debug import sensitive_variables

from accounts import encryption
from accounts.models import URL_MAX_CHARACTERS, Endpoint, Status, User
from accounts.results import (
    InvalidEndpoint,
    InvalidKey,
    KeyState,
    KeyTest,
    NoKey,
    clean_model,
    mask,
)
from memoryloop import llm
from memoryloop.llm.guard import Reach, reach
from memoryloop.llm.server_names import label_for, normal_url
from memoryloop.llm.transport import is_local

logger = logging.getLogger(__name__)

KEY_MAX_CHARACTERS = 500
LABEL_MAX_CHARACTERS = 40
LISTED_MODELS_MAX = 300
# Paths that people copy from a documentation's example together with the address.
_COPIED_PATHS = ("/chat/completions", "/completions", "/models", "/responses")


def saved_endpoint(user: User) -> Endpoint | None:
    return Endpoint.objects.filter(owner=user).first()


@sensitive_variables()
def clean_url(url: str) -> str:
    """Return the base address of requests. Raises InvalidEndpoint."""
    url = url.strip()
    if not url:
        raise InvalidEndpoint("Type the server's address, such as http://localhost:11434/v1.")
    if "://" not in url:
        plain = f"http://{url}"
        url = plain if _split(plain) is None or is_local(plain) else f"https://{url}"
    url = url.rstrip("/")
    for tail in _COPIED_PATHS:
        url = url.removesuffix(tail)
    parts = _split(url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidEndpoint(
            "This is not the address of a server. It reads like https://openrouter.ai/api/v1 "
            "or http://localhost:11434/v1."
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise InvalidEndpoint(
            "Leave names, passwords and everything from a “?” on out of the address: "
            "a key goes into the field below, where it is stored encrypted."
        )
    url = normal_url(url)
    if len(url) > URL_MAX_CHARACTERS:
        raise InvalidEndpoint(f"An address has at most {URL_MAX_CHARACTERS} characters.")
    return url


@sensitive_variables()
def without_secrets(url: str) -> str:
    """Return what was typed without the parts that may hold a password or a key."""
    head = url.partition("?")[0].partition("#")[0]
    scheme, separator, rest = head.rpartition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def _split(url: str) -> SplitResult | None:
    """Return the parts of an address; None if it is not valid."""
    if not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        # Reading these properties validates them.
        _ = parts.port, parts.hostname
    except ValueError:
        return None
    return parts


@sensitive_variables("api_key")
def clean_key(api_key: str) -> str:
    """Return the key without surrounding space; may be empty. Raises InvalidKey."""
    api_key = api_key.strip()
    if len(api_key) > KEY_MAX_CHARACTERS or not (api_key.isascii() and api_key.isprintable()):
        raise InvalidKey("This does not look like a key: letters, digits and symbols, on one line.")
    if " " in api_key:
        raise InvalidKey("A key has no spaces in it. Copy it again, and nothing else.")
    return api_key


@sensitive_variables("api_key")
def save_endpoint(
    *,
    user: User,
    base_url: str,
    api_key: str,
    model: str,
    now: datetime,
    context_length: int | None = None,
) -> KeyTest:
    """Test a server and save it, unless it refuses the key. Takes up to 20 s.

    An empty key keeps the saved one if the address is the same: otherwise anybody at an open
    session could have it sent to a server of theirs. A server that cannot be reached is saved as
    untested.
    Raises InvalidEndpoint, InvalidKey or InvalidModel.
    """
    if reach() is Reach.OFF:
        raise InvalidEndpoint("The operator of this MemoryLoop does not allow servers of your own.")
    base_url, model, api_key = clean_url(base_url), clean_model(model), clean_key(api_key)
    row = saved_endpoint(user)
    if not api_key and row is not None and row.base_url == base_url:
        api_key = read(row)[1]
    result, checked = _test(base_url, api_key, model)
    if result.state is KeyState.REFUSED:
        raise InvalidKey(f"{result.sentence} Nothing was saved.")
    Endpoint.objects.update_or_create(
        owner=user,
        defaults={
            "base_url": base_url,
            "ciphertext": _encrypt_key(user, base_url, api_key),
            "hint": mask(api_key) if api_key else "",
            "context_length": context_length,
            "updated_at": now,
            **_result_fields(result, checked, base_url, now),
            "model": checked.model if checked else model,
        },
    )
    return result


@sensitive_variables("api_key")
def test_endpoint(*, user: User, now: datetime) -> KeyTest:
    """Test the saved server and record the result. Takes up to 20 s. Raises NoKey."""
    return test_saved(user, now, word=True)


@sensitive_variables("api_key")
def test_saved(user: User, now: datetime, *, word: bool) -> KeyTest:
    """Test the saved server, with a word of its model or in 3 s without. Raises NoKey."""
    row = saved_endpoint(user)
    if row is None:
        raise NoKey("There is no server to test. Save one first.")
    state, api_key = read(row)
    if state is KeyState.UNREADABLE:
        return KeyTest(state, "Its key can no longer be read: save it again.")
    if state is KeyState.OFF:
        return KeyTest(state, "The operator of this MemoryLoop does not allow servers of your own.")
    result, checked = _test(row.base_url, api_key, row.model, word=word)
    if result.state is not KeyState.UNTESTED:
        # Only the row that was tested: another may have been saved meanwhile.
        Endpoint.objects.filter(pk=row.pk, updated_at=row.updated_at).update(
            **_result_fields(result, checked, row.base_url, now),
            **({"model": checked.model} if checked else {}),
        )
    return result


def remove_endpoint(*, user: User) -> bool:
    """Delete the learner's server and its key. Return whether there was one."""
    return Endpoint.objects.filter(owner=user).delete()[0] > 0


def set_first(*, user: User, endpoint: bool) -> None:
    """Set whether the learner's server answers before Claude, or after it."""
    Endpoint.objects.filter(owner=user).update(comes_first=endpoint)


def mark_refused(user: User, *, asked_at: datetime | None = None) -> None:
    """Stop using the learner's server, which refused its key when it was asked for an answer."""
    rows = Endpoint.objects.filter(owner=user)
    if asked_at is not None:
        rows = rows.filter(updated_at__lte=asked_at)
    rows.update(status=Status.REFUSED)


@sensitive_variables("api_key")
def read(row: Endpoint | None) -> tuple[KeyState, str]:
    """Return the state of a saved server, and its key if it has one that can be read."""
    if row is None:
        return KeyState.NONE, ""
    if reach() is Reach.OFF:
        return KeyState.OFF, ""
    if not row.ciphertext:
        return KeyState(row.status), ""
    try:
        api_key = encryption.decrypt(
            row.ciphertext, owner_id=row.owner_id, provider=encryption_purpose(row.base_url)
        )
    except encryption.Unreadable:
        return KeyState.UNREADABLE, ""
    return KeyState(row.status), api_key


@sensitive_variables("api_key")
def provider(row: Endpoint, api_key: str) -> llm.Provider:
    return llm.LearnerEndpoint(row.base_url, api_key, row.model, row.label, row.context_length or 0)


def encryption_purpose(base_url: str) -> str:
    """Return what a key is encrypted for: it cannot be decrypted for another address."""
    return f"endpoint {base_url}"


@sensitive_variables("api_key")
def _encrypt_key(user: User, base_url: str, api_key: str) -> str:
    if not api_key:
        return ""
    return encryption.encrypt(api_key, owner_id=user.pk, provider=encryption_purpose(base_url))


def _result_fields(
    result: KeyTest, checked: llm.EndpointCheck | None, base_url: str, now: datetime
) -> dict[str, object]:
    """Return the fields of a row that record a test."""
    is_tested = result.state is not KeyState.UNTESTED
    label = checked.label if checked else label_for(base_url)
    return {
        "label": label[:LABEL_MAX_CHARACTERS],
        "status": result.state.value,
        "tested_at": now if is_tested else None,
        **({"listed_models": list(checked.models[:LISTED_MODELS_MAX])} if checked else {}),
    }


@sensitive_variables("api_key")
def _test(
    base_url: str, api_key: str, model: str, *, word: bool = True
) -> tuple[KeyTest, llm.EndpointCheck | None]:
    """Test a server. Raises InvalidEndpoint for an address that is closed to learners."""
    try:
        checked = llm.check_endpoint(base_url, api_key, model, word=word)
        clean_model(checked.model)
    except llm.AddressRefused as error:
        raise InvalidEndpoint(error.sentence) from None
    except (llm.AuthenticationFailed, llm.PermissionRefused) as error:
        sentence = error.sentence
        if not api_key:
            sentence = f"{label_for(base_url)} needs a key: enter the one that belongs to it."
        return KeyTest(KeyState.REFUSED, sentence), None
    except llm.LlmError as error:
        logger.info("An endpoint could not be tested: %s", type(error).__name__)
        return KeyTest(KeyState.UNTESTED, error.sentence), None
    if checked.problem:
        return KeyTest(KeyState.NO_MODEL, checked.problem), checked
    if checked.unsure:
        return KeyTest(KeyState.UNTESTED, checked.unsure), checked
    sentence = f"{checked.label} can be reached, and its model {checked.model} has answered."
    return KeyTest(KeyState.WORKING, sentence), checked
