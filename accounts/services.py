"""Learners' accounts, their API keys, and which provider answers them."""

import logging
import re
import zoneinfo
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from accounts import encryption, tasks
from accounts.models import ApiKey, User
from memoryloop import llm
from memoryloop.llm.base import Provider

logger = logging.getLogger(__name__)

KEY_MAX_CHARACTERS = 200
# sk-ant-api03-… today. Only the prefix is promised, so only the prefix and the alphabet are asked.
_KEY_SHAPE = re.compile(r"sk-ant-[A-Za-z0-9_-]{16,}")


class AccountError(Exception):
    """A request that cannot be granted, with one plain sentence that says what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class AddressTaken(AccountError):
    pass


class InvalidKey(AccountError):
    """The key was not saved."""


class NoKey(AccountError):
    pass


@sensitive_variables("password")
def sign_up(*, email: str, password: str, name: str, time_zone: str) -> User:
    """Create a learner. Raises AddressTaken."""
    try:
        # A savepoint: the address may be taken between a look and the insert.
        with transaction.atomic():
            return User.objects.create_user(
                email, password, name=name, time_zone=known_time_zone(time_zone)
            )
    except IntegrityError:
        raise AddressTaken(
            "This address can't be used. If it is yours, log in or reset your password."
        ) from None


def known_time_zone(name: str) -> str:
    """Return the name if this machine knows the zone, else UTC."""
    return name if name in zoneinfo.available_timezones() else "UTC"


class KeyState(Enum):
    """What a learner should know about the key they saved."""

    NONE = "none"
    UNTESTED = "untested"
    WORKING = "working"
    REFUSED = "refused"
    # Encrypted with a key this server no longer has.
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class KeyTest:
    """How a key did when it was tried. `sentence` is for the learner."""

    state: KeyState
    sentence: str


@dataclass(frozen=True)
class Tutor:
    """Who answers a learner, and why in words."""

    provider: Provider
    reason: str
    key: ApiKey | None
    key_state: KeyState
    # What answers without the learner's own key.
    otherwise: Provider


def provider_for(user: User) -> Provider:
    """Return what answers this learner. One SQL query, and a probe of 300 ms at most.

    Their own Claude key if it can be read and Claude has not refused it; else the server's
    OpenAI-compatible or Ollama model; else the offline helper. Never raises.
    """
    row = saved_key(user)
    state, api_key = _read(row)
    return llm.claude(api_key) if _usable(state) else llm.detect()


def describe_tutor(user: User) -> Tutor:
    """Return what answers this learner and why, for the settings page. One SQL query."""
    row = saved_key(user)
    state, api_key = _read(row)
    otherwise = llm.detect()
    provider = llm.claude(api_key) if _usable(state) else otherwise
    return Tutor(
        provider=provider,
        reason=_reason(state, otherwise),
        key=row,
        key_state=state,
        otherwise=otherwise,
    )


def _usable(state: KeyState) -> bool:
    return state in {KeyState.WORKING, KeyState.UNTESTED}


def _reason(state: KeyState, otherwise: Provider) -> str:
    if _usable(state):
        return "You saved a Claude key, so Claude answers you."
    why = {
        KeyState.NONE: "You have saved no Claude key",
        KeyState.REFUSED: "Claude refused your key",
        KeyState.UNREADABLE: "Your Claude key can no longer be read",
    }[state]
    if otherwise.is_model:
        return f"{why}, so {otherwise.label} answers, which is connected to this server."
    return (
        f"{why} and no model is connected to this server. Until one is, MemoryLoop looks things "
        "up in what you already have, and drafts cards by rules."
    )


def saved_key(user: User) -> ApiKey | None:
    return ApiKey.objects.filter(owner=user, provider=ApiKey.Provider.ANTHROPIC).first()


@sensitive_variables("api_key")
def _read(row: ApiKey | None) -> tuple[KeyState, str]:
    """Return the state of a saved key, and the key if it can be read."""
    if row is None:
        return KeyState.NONE, ""
    try:
        api_key = encryption.decrypt(row.ciphertext, owner_id=row.owner_id, provider=row.provider)
    except encryption.Unreadable:
        return KeyState.UNREADABLE, ""
    return KeyState(row.status), api_key


@sensitive_variables("api_key")
def clean_api_key(api_key: str) -> str:
    """Return the key without surrounding space. Raises InvalidKey; no message repeats the key."""
    api_key = api_key.strip()
    if not api_key:
        raise InvalidKey("Paste your key here. It begins with sk-ant-.")
    if len(api_key) > KEY_MAX_CHARACTERS or not _KEY_SHAPE.fullmatch(api_key):
        raise InvalidKey(
            "This is not the shape of a Claude key. Copy the whole key from "
            "console.anthropic.com: it begins with sk-ant- and has no spaces."
        )
    return api_key


def mask(api_key: str) -> str:
    """Return the first 7 and last 4 characters: all that is ever shown."""
    return f"{api_key[:7]}…{api_key[-4:]}"


@sensitive_variables("api_key")
def save_api_key(*, user: User, api_key: str, now: datetime) -> KeyTest:
    """Try a key and save it, unless Claude refuses it. Takes up to 3 s.

    A refused key is not saved, so that it never replaces one that works; one that could not be
    tried is, and says so. Raises InvalidKey.
    """
    api_key = clean_api_key(api_key)
    result = _try(api_key)
    if result.state is KeyState.REFUSED:
        raise InvalidKey(f"{result.sentence} It was not saved.")
    ciphertext = encryption.encrypt(
        api_key, owner_id=user.pk, provider=ApiKey.Provider.ANTHROPIC.value
    )
    ApiKey.objects.update_or_create(
        owner=user,
        provider=ApiKey.Provider.ANTHROPIC,
        defaults={
            "ciphertext": ciphertext,
            "hint": mask(api_key),
            "status": result.state.value,
            "tested_at": now if result.state is KeyState.WORKING else None,
            "updated_at": now,
        },
    )
    return result


@sensitive_variables("api_key")
def test_api_key(*, user: User, now: datetime) -> KeyTest:
    """Try the saved key and record how it did. Takes up to 3 s. Raises NoKey."""
    row = saved_key(user)
    if row is None:
        raise NoKey("There is no key to test. Save one first.")
    state, api_key = _read(row)
    if state is KeyState.UNREADABLE:
        return KeyTest(state, "This key can no longer be read: save it again.")
    result = _try(api_key)
    if result.state is not KeyState.UNTESTED:
        # Only the key that was tried: another may have been saved meanwhile.
        ApiKey.objects.filter(pk=row.pk, ciphertext=row.ciphertext).update(
            status=result.state.value, tested_at=now
        )
    return result


def remove_api_key(*, user: User) -> bool:
    """Forget the learner's Claude key. Return whether there was one."""
    rows = ApiKey.objects.filter(owner=user, provider=ApiKey.Provider.ANTHROPIC)
    return rows.delete()[0] > 0


def mark_key_refused(user: User, *, asked_at: datetime | None = None) -> None:
    """Stop using the learner's key: Claude refused it when it was asked for an answer.

    A key that was saved after `asked_at` was not the one asked, and stays.
    """
    rows = ApiKey.objects.filter(owner=user, provider=ApiKey.Provider.ANTHROPIC)
    if asked_at is not None:
        rows = rows.filter(updated_at__lte=asked_at)
    rows.update(status=ApiKey.Status.REFUSED)


@sensitive_variables("api_key")
def _try(api_key: str) -> KeyTest:
    try:
        llm.check_claude_key(api_key)
    except (llm.AuthenticationFailed, llm.PermissionRefused) as error:
        return KeyTest(KeyState.REFUSED, error.sentence)
    except llm.LlmError as error:
        logger.info("A key could not be tested: %s", type(error).__name__)
        return KeyTest(KeyState.UNTESTED, error.sentence)
    return KeyTest(KeyState.WORKING, "The key works: Claude answers you from now on.")


@sensitive_variables("password")
def set_password(*, user: User, password: str) -> None:
    """Set a password. Every session of the learner ends, unless the view keeps its own."""
    user.set_password(password)
    user.save(update_fields=["password"])


def request_password_reset(*, email: str, base_url: str) -> None:
    """Have the worker send a link, if the address has an account. One SQL query, always."""
    tasks.send_password_reset.defer(email=email, base_url=base_url)


def delete_account(*, user: User) -> None:
    """Delete a learner and everything that names them as its owner, all or nothing.

    Apps that keep rows elsewhere listen to pre_delete, which is sent inside the transaction.
    """
    with transaction.atomic():
        user.delete()
