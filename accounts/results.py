"""What comes of trying a key or an endpoint, and the errors that services raise."""

from dataclasses import dataclass
from enum import Enum

from accounts.models import MODEL_MAX_CHARACTERS
from memoryloop.errors import UserError

_SHORT_KEY_CHARACTERS = 16


class AccountError(UserError):
    """A request that cannot be granted."""


class InvalidKey(AccountError):
    """The key was not saved."""


class NoKey(AccountError):
    pass


class InvalidEndpoint(AccountError):
    """The address was not saved."""


class InvalidModel(AccountError):
    """The model was not chosen."""


class KeyState(Enum):
    """What a learner should know about the key or endpoint they saved."""

    NONE = "none"
    UNTESTED = "untested"
    WORKING = "working"
    REFUSED = "refused"
    NO_MODEL = "no_model"
    # Encrypted with a key this server no longer has.
    UNREADABLE = "unreadable"
    # Whoever runs the server has closed it to endpoints of learners.
    OFF = "off"

    @property
    def is_usable(self) -> bool:
        return self in {KeyState.WORKING, KeyState.UNTESTED}


@dataclass(frozen=True)
class KeyTest:
    """How a key or endpoint did when it was tried. `sentence` is for the learner."""

    state: KeyState
    sentence: str


def mask(api_key: str) -> str:
    """Return the first 7 and last 4 characters: all that is ever shown.

    Of a key so short that those are most of it, nothing.
    """
    if len(api_key) < _SHORT_KEY_CHARACTERS:
        return "…"
    return f"{api_key[:7]}…{api_key[-4:]}"


def clean_model(model: str) -> str:
    """Return a model's name as it is sent. Raises InvalidModel."""
    model = model.strip()
    if len(model) > MODEL_MAX_CHARACTERS or not model.isprintable():
        raise InvalidModel(
            f"A model's name has up to {MODEL_MAX_CHARACTERS} characters, in one line."
        )
    return model
