"""Model providers: Claude, any OpenAI-compatible server, or nobody. All behind one protocol."""

from memoryloop.llm.anthropic import ClaudeProvider, check_claude_key
from memoryloop.llm.base import (
    AuthenticationFailed,
    BadResponse,
    BrokenOff,
    ChatMessage,
    Found,
    LlmError,
    ModelNotFound,
    NotAModel,
    Overloaded,
    PermissionRefused,
    Provider,
    RateLimited,
    RequestRefused,
    RequestTooLong,
    TimedOut,
    Unreachable,
)
from memoryloop.llm.detect import detect
from memoryloop.llm.offline import OfflineProvider
from memoryloop.llm.openai_compatible import CompatibleProvider

__all__ = [
    "AuthenticationFailed",
    "BadResponse",
    "BrokenOff",
    "ChatMessage",
    "Found",
    "LlmError",
    "ModelNotFound",
    "NotAModel",
    "Overloaded",
    "PermissionRefused",
    "Provider",
    "RateLimited",
    "RequestRefused",
    "RequestTooLong",
    "TimedOut",
    "Unreachable",
    "check_claude_key",
    "claude",
    "detect",
    "offline",
    "openai_compatible",
]


def claude(api_key: str, *, model: str = "") -> Provider:
    """Return Claude with a learner's key; the model is settings.CLAUDE_MODEL unless given."""
    return ClaudeProvider(api_key, model)


def openai_compatible(
    base_url: str, api_key: str = "", model: str = "", label: str = ""
) -> Provider:
    """Return the server at an address; without a model, the first it lists that can chat."""
    return CompatibleProvider(base_url, api_key, model, label)


def offline() -> Provider:
    """Return the provider that is no model and says so."""
    return OfflineProvider()
