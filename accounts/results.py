"""The result of testing a key or an endpoint, and the errors that services raise."""

from dataclasses import dataclass
from enum import Enum

from accounts.models import MODEL_MAX_CHARACTERS
from memoryloop.errors import UserError

_SHORT_KEY_CHARACTERS = 16


class AccountError(UserError):
    """A learner's request concerning their account cannot be fulfilled."""


class InvalidKey(AccountError):
    """The key was not saved."""


class NoKey(AccountError):
    pass


class InvalidEndpoint(AccountError):
    """The address was not saved."""


class InvalidModel(AccountError):
    """The model was not chosen."""


class KeyState(Enum):
    """The state of a saved key or endpoint, as the learner is told it."""

    NONE = "none"
    UNTESTED = "untested"
    WORKING = "working"
    REFUSED = "refused"
    NO_MODEL = "no_model"
    # Encrypted with a key that this server no longer has.
    UNREADABLE = "unreadable"
    # Whoever runs the server has closed it to endpoints of learners.
    OFF = "off"

    @property
    def is_usable(self) -> bool:
        return self in {KeyState.WORKING, KeyState.UNTESTED}


@dataclass(frozen=True)
class KeyTest:
    """The result of testing a key or endpoint. `sentence` is for the learner."""

    state: KeyState
    sentence: str


def mask(api_key: str) -> str:
    """Return the first 7 and last 4 characters, the only ones ever shown; none of a short key."""
    if len(api_key) < _SHORT_KEY_CHARACTERS:
        return "…"
    return f"{api_key[:7]}…{api_key[-4:]}"


def clean_model(model: str) -> str:
    """Return a model's name without surrounding space. Raises InvalidModel."""
    model = model.strip()
    if len(model) > MODEL_MAX_CHARACTERS or not model.isprintable():
        raise InvalidModel(
            f"A model's name has up to {MODEL_MAX_CHARACTERS} characters, on one line."
        )
    return model
