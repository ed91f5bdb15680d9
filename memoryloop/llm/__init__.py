"""Model providers behind one protocol: Claude, any OpenAI-compatible server, and none at all."""

from django.conf import settings

from memoryloop.llm.anthropic import ClaudeProvider, check_claude_key, list_claude_models
from memoryloop.llm.anthropic import import_sdk as _import_anthropic
from memoryloop.llm.base import (
    AddressRefused,
    AuthenticationFailed,
    BadResponse,
    BrokenOff,
    ChatMessage,
    EndUnmarked,
    Found,
    LengthReached,
    LlmError,
    ModelNotFound,
    NotAModel,
    Overloaded,
    PermissionRefused,
    Provider,
    RateLimited,
    Redirected,
    RequestRefused,
    RequestTooLong,
    TimedOut,
    Unreachable,
)
from memoryloop.llm.detect import detect
from memoryloop.llm.learner_endpoint import EndpointCheck, LearnerEndpoint, check_endpoint
from memoryloop.llm.offline import OfflineProvider
from memoryloop.llm.openai_compatible import CompatibleProvider
from memoryloop.llm.openai_compatible import import_sdk as _import_openai

__all__ = [
    "AddressRefused",
    "AuthenticationFailed",
    "BadResponse",
    "BrokenOff",
    "ChatMessage",
    "CompatibleProvider",
    "EndUnmarked",
    "EndpointCheck",
    "Found",
    "LearnerEndpoint",
    "LengthReached",
    "LlmError",
    "ModelNotFound",
    "NotAModel",
    "Overloaded",
    "PermissionRefused",
    "Provider",
    "RateLimited",
    "Redirected",
    "RequestRefused",
    "RequestTooLong",
    "TimedOut",
    "Unreachable",
    "check_claude_key",
    "check_endpoint",
    "claude",
    "detect",
    "list_claude_models",
    "offline",
    "openai_compatible",
    "warm_up",
]


def claude(api_key: str, *, model: str = "") -> Provider:
    """Return Claude with a learner's key; the model is settings.CLAUDE_MODEL unless given."""
    return ClaudeProvider(api_key, model)


def openai_compatible(
    base_url: str, api_key: str = "", model: str = "", label: str = "", context_length: int = 0
) -> Provider:
    """Return the server at an address. The model is the first that can chat, unless given.

    `context_length` is the model's window in tokens, if somebody set it.
    """
    return CompatibleProvider(base_url, api_key, model, label, context_length)


def offline() -> Provider:
    """Return the provider without a model, which says so."""
    return OfflineProvider()


def warm_up(*, claude: bool, compatible: bool) -> None:
    """Import the SDKs of these providers, so that the first learner does not wait for it.

    Takes about 1 s of a thread and 40 MB for each. Touches no network.
    """
    if claude:
        _import_anthropic()
    if compatible or settings.OPENAI_BASE_URL or settings.OPENAI_API_KEY:
        _import_openai()
