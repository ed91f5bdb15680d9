"""Account services: sign-up, API keys, the provider that answers a learner, deletion."""

import logging
import re
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from accounts import encryption, endpoints, tasks
from accounts.models import ApiKey, Endpoint, User
from accounts.results import (
    AccountError,
    InvalidKey,
    InvalidModel,
    KeyState,
    KeyTest,
    NoKey,
    clean_model,
    mask,
)
from memoryloop import llm
from memoryloop.llm.base import Provider

logger = logging.getLogger(__name__)

# Tests a key and a model; returns the names of the models that the key may use.
Check = Callable[[str, str], tuple[str, ...]]
KEY_MAX_CHARACTERS = 200
# sk-ant-api03-… today. Only the prefix is documented, so only that and the alphabet are checked.
_KEY_SHAPE = re.compile(r"sk-ant-[A-Za-z0-9_-]{16,}")


class AddressTaken(AccountError):
    pass


@sensitive_variables("password")
def sign_up(*, email: str, password: str, name: str, time_zone: str) -> User:
    """Create a learner. Raises AddressTaken."""
    try:
        # In a savepoint, because the insert fails when the address is taken.
        with transaction.atomic():
            return User.objects.create_user(
                email, password, name=name, time_zone=known_time_zone(time_zone)
            )
    except IntegrityError:
        raise AddressTaken(
            "This address can't be used. If it is yours, log in or reset your password."
        ) from None


def known_time_zone(name: str) -> str:
    """Return the name if it is a known time zone, else UTC."""
    return name if name in zoneinfo.available_timezones() else "UTC"


@dataclass(frozen=True)
class Tutor:
    """The provider that answers a learner, and the reason in a sentence."""

    provider: Provider
    reason: str
    key: ApiKey | None
    key_state: KeyState
    endpoint: Endpoint | None
    endpoint_state: KeyState
    # The provider that answers without the learner's own key and server.
    otherwise: Provider


def provider_for(user: User) -> Provider:
    """Return the provider of this learner. Two SQL queries, and a probe of 300 ms at most.

    Their own Claude key if it can be read and Claude has not refused it, or their own server,
    in the order they chose; else the server's OpenAI-compatible or Ollama model; else the offline
    helper. Never raises.
    """
    return _own_provider(saved_key(user), endpoints.saved_endpoint(user)) or llm.detect()


def load_sdks() -> None:
    """Import the SDKs that the saved keys and endpoints need."""
    llm.warm_up(claude=ApiKey.objects.exists(), compatible=Endpoint.objects.exists())


def fallback_for(user: User, *, failed: str) -> Provider:
    """Return the provider that can answer instead of the one with the label `failed`.

    The learner's other key or server, else the installation's model, else the offline helper. The
    installation's may have the same label as the learner's server: two of Ollama, say. Two SQL
    queries, and a probe of 300 ms at most. Never raises.
    """
    row, endpoint = saved_key(user), endpoints.saved_endpoint(user)
    others = (_own_provider(row, None), _own_provider(None, endpoint))
    for other in others:
        if other is not None and other.label != failed:
            return other
    installed = llm.detect()
    if endpoint is not None and endpoint.label == failed:
        address = installed.url if isinstance(installed, llm.CompatibleProvider) else ""
        return llm.offline() if address == endpoint.base_url else installed
    return llm.offline() if installed.label == failed else installed


def name_of_fallback(provider: Provider, *, failed: str) -> str:
    """Return the label of the provider that can answer instead, told from the one that failed."""
    return f"this installation’s {failed}" if provider.label == failed else provider.label


def test_refused(*, user: User, failed: str, now: datetime) -> KeyTest | None:
    """Test the learner's key or server again if it is the one that failed and was refused.

    Takes up to 3 s. Return None where there is nothing to test. The model is not asked for a word:
    the question that follows asks it.
    """
    row, endpoint = saved_key(user), endpoints.saved_endpoint(user)
    if row is not None and failed == "Claude" and row.status == ApiKey.Status.REFUSED:
        return _test_saved(user, now, llm.list_claude_models)
    if endpoint is not None and failed == endpoint.label:
        return endpoints.test_saved(user, now, word=False)
    return None


def is_mended(*, user: User, failed: str) -> bool:
    """Tell whether the refused key or server was replaced or has passed a test since.

    Two SQL queries.
    """
    row, endpoint = saved_key(user), endpoints.saved_endpoint(user)
    if failed == "Claude":
        return row is not None and row.status != ApiKey.Status.REFUSED
    if endpoint is None or failed != endpoint.label:
        return False
    return endpoint.status != Endpoint.Status.REFUSED


def describe_tutor(user: User) -> Tutor:
    """Return the provider and the reason for it, for the settings page. Two SQL queries."""
    row, endpoint = saved_key(user), endpoints.saved_endpoint(user)
    state, endpoint_state = _read(row)[0], endpoints.read(endpoint)[0]
    own, otherwise = _own_provider(row, endpoint), llm.detect()
    return Tutor(
        provider=own or otherwise,
        reason=_reason(own, state, endpoint, endpoint_state, otherwise),
        key=row,
        key_state=state,
        endpoint=endpoint,
        endpoint_state=endpoint_state,
        otherwise=otherwise,
    )


@sensitive_variables()
def _own_provider(row: ApiKey | None, endpoint: Endpoint | None) -> Provider | None:
    """Return the learner's own provider that can be used and comes first, if any."""
    state, api_key = _read(row)
    endpoint_state, endpoint_key = endpoints.read(endpoint)
    server = (
        endpoints.provider(endpoint, endpoint_key)
        if endpoint is not None and endpoint_state.is_usable
        else None
    )
    if row is None or not state.is_usable or (server and endpoint and endpoint.comes_first):
        return server
    return llm.claude(api_key, model=row.model)


def _reason(
    own: Provider | None,
    state: KeyState,
    endpoint: Endpoint | None,
    endpoint_state: KeyState,
    otherwise: Provider,
) -> str:
    if own is not None and own.label == "Claude":
        return "You saved a Claude key, so Claude answers you."
    if own is not None and endpoint_state is KeyState.UNTESTED:
        return (
            f"You connected {own.label}, so it answers you, although it has not passed a test yet."
        )
    if own is not None:
        return f"You connected {own.label}, so it answers you."
    why = _WHY_NOT_CLAUDE[state]
    if endpoint is not None:
        why = f"{why}, {_WHY_NOT_ENDPOINT[endpoint_state].format(label=endpoint.label)}"
    if otherwise.is_model:
        return f"{why}, so {otherwise.label} answers, which is connected to this server."
    return (
        f"{why} and no model is connected to this server. Until one is, MemoryLoop looks things "
        "up in what you already have, and drafts cards by rules."
    )


_WHY_NOT_CLAUDE = {
    KeyState.NONE: "You have saved no Claude key",
    KeyState.REFUSED: "Claude refused your key",
    KeyState.NO_MODEL: "Claude does not have the model that you chose",
    KeyState.UNREADABLE: "Your Claude key can no longer be read",
}
_WHY_NOT_ENDPOINT = {
    KeyState.REFUSED: "{label} refused its key",
    KeyState.NO_MODEL: "{label} has not the model that you chose",
    KeyState.UNREADABLE: "the key of {label} can no longer be read",
    KeyState.OFF: "servers of learners are switched off here",
}


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
            "This does not look like a Claude key. Copy the whole key from "
            "console.anthropic.com: it begins with sk-ant- and has no spaces."
        )
    return api_key


@sensitive_variables("api_key")
def save_api_key(*, user: User, api_key: str, now: datetime) -> KeyTest:
    """Test a key and save it, unless Claude refuses it. Takes up to 20 s.

    A refused key is not saved, so that it never replaces one that works. A key that could not be
    tested is saved as untested. Raises InvalidKey.
    """
    api_key = clean_api_key(api_key)
    result, models = _test(api_key)
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
            **({"listed_models": models} if models else {}),
        },
    )
    return result


@sensitive_variables("api_key")
def test_api_key(*, user: User, now: datetime) -> KeyTest:
    """Test the saved key and its model and record the result. Takes up to 20 s. Raises NoKey."""
    return _test_saved(user, now, llm.check_claude_key)


@sensitive_variables("api_key")
def _test_saved(user: User, now: datetime, check: Check) -> KeyTest:
    row = saved_key(user)
    if row is None:
        raise NoKey("There is no key to test. Save one first.")
    state, api_key = _read(row)
    if state is KeyState.UNREADABLE:
        return KeyTest(state, "This key can no longer be read: save it again.")
    result, models = _test(api_key, row.model, check)
    if result.state is not KeyState.UNTESTED:
        # Only the key that was tested: another may have been saved meanwhile.
        ApiKey.objects.filter(pk=row.pk, ciphertext=row.ciphertext).update(
            status=result.state.value,
            tested_at=now,
            **({"listed_models": models} if models else {}),
        )
    return result


@sensitive_variables("api_key")
def choose_model(*, user: User, model: str, now: datetime) -> KeyTest:
    """Set the Claude model of a learner; blank for CLAUDE_MODEL. Takes up to 20 s.

    Raises NoKey, or InvalidModel if Claude has no such model, which leaves the model as it was.
    """
    row, model = saved_key(user), clean_model(model)
    if row is None:
        raise NoKey("Save a key first; then choose a model.")
    state, api_key = _read(row)
    if state is KeyState.UNREADABLE:
        return KeyTest(state, "This key can no longer be read: save it again.")
    result, models = _test(api_key, model)
    if result.state is KeyState.NO_MODEL:
        raise InvalidModel(result.sentence)
    fields: dict[str, object] = {"model": model}
    if result.state is not KeyState.UNTESTED:
        fields |= {"status": result.state.value, "tested_at": now}
    if models:
        fields["listed_models"] = models
    ApiKey.objects.filter(pk=row.pk, ciphertext=row.ciphertext).update(**fields)
    if result.state is KeyState.WORKING:
        name = model or settings.CLAUDE_MODEL
        return KeyTest(result.state, f"Claude answers you with {name} from now on.")
    return result


def remove_api_key(*, user: User) -> bool:
    """Delete the learner's Claude key. Return whether there was one."""
    rows = ApiKey.objects.filter(owner=user, provider=ApiKey.Provider.ANTHROPIC)
    return rows.delete()[0] > 0


def is_learners_own(provider: Provider | None) -> bool:
    """Tell whether a provider is asked with the learner's own key or is their own server."""
    return isinstance(provider, llm.LearnerEndpoint) or (
        provider is not None and provider.label == "Claude"
    )


def mark_key_refused(
    user: User, *, provider: Provider | None = None, asked_at: datetime | None = None
) -> None:
    """Stop using the learner's key, which the provider refused when it was asked for an answer.

    It is the key of their own server if that is the provider, else their Claude key. A provider
    that the administrator connected has no key of theirs. A key saved after `asked_at` is kept,
    because it was not the one refused.
    """
    if isinstance(provider, llm.LearnerEndpoint):
        endpoints.mark_refused(user, asked_at=asked_at)
        return
    if provider is not None and not is_learners_own(provider):
        return
    rows = ApiKey.objects.filter(owner=user, provider=ApiKey.Provider.ANTHROPIC)
    if asked_at is not None:
        rows = rows.filter(updated_at__lte=asked_at)
    rows.update(status=ApiKey.Status.REFUSED)


@sensitive_variables("api_key")
def _test(api_key: str, model: str = "", check: Check | None = None) -> tuple[KeyTest, list[str]]:
    """Return the result of a test, and the models that the key may use."""
    try:
        models = (check or llm.check_claude_key)(api_key, model)
    except (llm.AuthenticationFailed, llm.PermissionRefused) as error:
        return KeyTest(KeyState.REFUSED, error.sentence), []
    except llm.ModelNotFound as error:
        return KeyTest(KeyState.NO_MODEL, error.sentence), list(error.known)
    except llm.LlmError as error:
        logger.info("A key could not be tested: %s", type(error).__name__)
        return KeyTest(KeyState.UNTESTED, error.sentence), []
    return KeyTest(KeyState.WORKING, "The key works: Claude has answered."), list(models or ())


@sensitive_variables("password")
def set_password(*, user: User, password: str) -> None:
    """Set a password. This ends every session of the learner, unless the view keeps its own."""
    user.set_password(password)
    user.save(update_fields=["password"])


def request_password_reset(*, email: str, base_url: str) -> None:
    """Have the worker send a link if the address has an account. Always one SQL query."""
    tasks.send_password_reset.defer(email=email, base_url=base_url)


def delete_account(*, user: User) -> None:
    """Delete a learner and everything that they own, in one transaction.

    Apps that store rows elsewhere connect to pre_delete, which is sent inside the transaction.
    """
    with transaction.atomic():
        tasks.delete_jobs_of(user)
        user.delete()
