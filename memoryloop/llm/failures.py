"""Failures: the SDKs' errors turned into ours. The sentences never repeat a key."""

import logging
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from memoryloop.llm import base, waiting

logger = logging.getLogger(__name__)

# The error types of Anthropic's API, which an `error` event brings inside a 200 response.
_STATUS_OF_TYPE = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
    # OpenAI's words for the same.
    "insufficient_quota": 402,
    "invalid_api_key": 401,
    "model_not_found": 404,
    "context_length_exceeded": 413,
    "rate_limit_exceeded": 429,
    "server_error": 500,
}
_TOO_LONG = re.compile(
    r"prompt is too long|too many tokens|context[ _](length|size|window)|maximum context"
    r"|exceed\w* (the )?(available |maximum )?context",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(r"\bmodel\b.*\b(not found|does not exist|not exist|no such)", re.IGNORECASE)
_NO_CREDIT = re.compile(r"credit balance|billing|insufficient[ _]quota", re.IGNORECASE)
# Some gateways answer a mistyped key with 400 or 403 (Google's does, at its OpenAI address).
_BAD_KEY = re.compile(
    r"\b(invalid|incorrect|wrong|unknown|missing|expired|revoked|disabled|no)[ _]"
    r"((x[ _-])?(api|auth\w*|access|subscription|bearer)[ _-]?)(key|token|credential)s?\b"
    r"|(api|access|subscription)[ _-]?(key|token)( you provided| provided)?( is| was| has been)? "
    r"(not valid|invalid|incorrect|wrong|unknown|expired|revoked|disabled|deactivated|missing"
    r"|required)"
    r"|\bnot authenticated\b|\bauthentication (failed|fails|required)",
    re.IGNORECASE,
)
# What servers say that have no room for one more request, under whatever status.
_BUSY = re.compile(
    r"\boverloaded\b|\b(server|engine|model|system|service)( is)?( currently)?( too)? busy\b"
    r"|\b(at|over|no|insufficient|out of) capacity\b|maximum pending requests|\bhigh demand\b"
    r"|\bno (available|free) slots?\b",
    re.IGNORECASE,
)
_LOADING = re.compile(r"\b(loading|warming up|starting up)\b", re.IGNORECASE)
_KEY = re.compile(r"\b(sk|gsk|key|Bearer)[-_ ][\w*.-]{6,}", re.IGNORECASE)


class ConnectionDropped(base.Unreachable):
    """The server closed the connection without an answer. The request may be sent again."""


class Failures:
    """The errors of one provider, with their sentences.

    `hint` says how to reach the provider, `key_hint` where its key is set, `model_setting` which
    setting names its model.
    """

    def __init__(
        self,
        label: str,
        model: str,
        *,
        hint: str,
        key_hint: str,
        key: str,
        model_setting: str = "",
    ) -> None:
        self.label = label
        self.model = model
        self._hint = hint
        self._key_hint = key_hint
        self._model_setting = model_setting or "OLLAMA_MODEL"
        self._model_hint = (
            f"Choose another in {model_setting}."
            if model_setting
            else "Check the name of the model in the settings of this server."
        )
        self._key = key

    def from_sdk(self, error: Exception, *, answering: bool) -> base.LlmError:
        """Return our error for one of an SDK or of httpx2. `answering`: text has come already."""
        status = getattr(error, "status_code", None)
        body = getattr(error, "body", None)
        response = getattr(error, "response", None)
        if isinstance(status, int):
            headers = getattr(response, "headers", {})
            logger.info("%s answered %s (%s)", self.label, status, type(error).__name__)
            failure: base.LlmError
            if 300 <= status < 400:
                failure = self._redirected(headers)
            else:
                failure = self.from_status(status, body, headers)
            failure.status, failure.said = status, self._without_key(_kind_and_message(body)[1])
            return failure
        if body is not None:
            # An error object inside OpenAI's stream, which has no status.
            failure = self.from_status(200, body, {})
            failure.said = self._without_key(_kind_and_message(body)[1])
            return failure
        names = {kind.__name__ for kind in _chain(error)}
        if "NotAllowed" in names:
            return base.AddressRefused(
                f"{self.label} is at an address inside this server's own network, which whoever "
                "runs MemoryLoop has not opened to learners. Use a public address."
            )
        if names & {"PoolTimeout", "ConnectTimeout", "ConnectError", "UnsupportedProtocol"}:
            return self.unreachable()
        if any("Timeout" in name for name in names):
            return self.timed_out(answering=answering)
        if answering:
            return self.broken_off()
        # The last two come from the TLS layer, which httpx2 does not translate while it reads.
        if names & {"RemoteProtocolError", "ReadError", "WriteError", "SSLError", "EndOfStream"}:
            return ConnectionDropped(
                f"{self.label} closed the connection without an answer. Try again in a moment."
            )
        if names & {"LocalProtocolError", "UnicodeEncodeError", "InvalidURL", "TypeError"}:
            return self._unsendable()
        if names & {"JSONDecodeError", "DecodingError", "APIResponseValidationError"}:
            return self.unreadable()
        if names & {"APIConnectionError", "OSError"}:
            return self.unreachable()
        return self.unreadable()

    def from_status(
        self, status: int, body: object = None, headers: Mapping[str, str] | None = None
    ) -> base.LlmError:
        kind, said = _kind_and_message(body)
        # The status is more precise than the type, unless the error came inside a 200 response.
        code = (_status_in(body) or _STATUS_OF_TYPE.get(kind, 500)) if status == 200 else status
        if code == 413 or (
            code in {400, 422, 500}
            and (_TOO_LONG.search(said) or kind == "context_length_exceeded")
        ):
            return self.too_long()
        if code == 402 or (code in {400, 403, 429} and _NO_CREDIT.search(f"{kind} {said}")):
            return base.PermissionRefused(
                f"{self.label} has no credit left for this key. "
                "Add credit in the provider's billing page, then try again."
            )
        if (
            code == 401
            or (
                code in {400, 403}
                # At its beginning: further on, it may quote what the learner wrote.
                and (kind == "authentication_error" or _BAD_KEY.search(said[:80]))
            )
        ):
            return self._wrong_key()
        if code == 404 and isinstance(body, str) and said.strip():
            # A page, or a word of the web server: not the API, which would have said it in JSON.
            return base.Unreachable(
                f"{self.label} has nothing at this address (404, not found). {self._hint}"
            )
        if code == 404 or (code in {400, 500} and _NO_MODEL.search(said)):
            return self.no_such_model()
        if code == 403 and isinstance(body, str):
            return base.PermissionRefused(
                f"{self.label}, or a proxy before it, turned the request away (403, forbidden). "
                f"{self._hint}"
            )
        if code == 403:
            return base.PermissionRefused(
                f"{self.label} knows this key but does not allow it to use "
                f"{self._model_name()}. Check the key's permissions with the provider."
            )
        seconds = waiting.seconds_to_wait(headers or {})
        again = f"Try again in {waiting.duration(seconds) if seconds else 'a minute'}."
        is_busy = kind == "overloaded_error" or bool(_BUSY.search(said[:200]))
        if code == 429 and not is_busy:
            return base.RateLimited(
                f"{self.label} is asked too often with this key. {again}", seconds
            )
        if code in {408, 504, 524}:
            return self.timed_out(answering=False)
        if code in {503, 529} or (is_busy and (code == 429 or code >= 500)):
            state = "is overloaded at the moment"
            if _LOADING.search(said[:200]):
                state = f"is not ready yet: it is loading the model ({self.model or 'unknown'})"
            return base.Overloaded(f"{self.label} {state}. {again}" + self.quote(said), seconds)
        if code >= 500:
            return base.Overloaded(
                f"{self.label} had an error of its own. Try again in a minute." + self.quote(said)
            )
        return base.RequestRefused(
            f"{self.label} did not accept the request. "
            "Try it in other words, or with another model." + self.quote(said)
        )

    def _wrong_key(self) -> base.AuthenticationFailed:
        if self._key:
            return base.AuthenticationFailed(f"{self.label} refused the API key. {self._key_hint}")
        return base.AuthenticationFailed(
            f"{self.label} refused the API key: there is none, and it wants one. {self._key_hint}"
        )

    def _redirected(self, headers: Mapping[str, str]) -> base.Redirected:
        """Return the error for a redirect, which is not followed: the key is for one address."""
        parts = urlsplit(headers.get("location", ""))
        there = f"{parts.scheme}://{parts.hostname}" if parts.hostname else ""
        if there and parts.port:
            there += f":{parts.port}"
        where = f", at {there}" if there else ""
        return base.Redirected(
            f"{self.label} sends to another address{where} (a redirect). "
            "MemoryLoop does not follow it, because the key and what you write are for the address "
            f"that was given. {self._hint}"
        )

    def _unsendable(self) -> base.LlmError:
        """Return the error for a request that could not be made. A key is blamed for itself."""
        if self._key and not (self._key.isascii() and self._key.isprintable()):
            return base.AuthenticationFailed(
                f"{self.label} could not be asked: the key holds characters that cannot be sent. "
                f"{self._key_hint}"
            )
        return base.RequestRefused(
            f"{self.label} could not be asked: the text or the server's address holds something "
            "that cannot be sent. Try it in other words."
        )

    def unreachable(self) -> base.Unreachable:
        return base.Unreachable(f"{self.label} cannot be reached. {self._hint}")

    def timed_out(self, *, answering: bool) -> base.TimedOut:
        if answering:
            return base.TimedOut(f"{self.label} stopped in the middle of its answer. Try again.")
        return base.TimedOut(f"{self.label} did not answer in time. Try again in a moment.")

    def broken_off(self) -> base.BrokenOff:
        return base.BrokenOff(
            f"The connection to {self.label} broke off before the answer was complete. Try again."
        )

    def end_unmarked(self) -> base.EndUnmarked:
        return base.EndUnmarked(
            f"{self.label} did not say whether this answer is complete. "
            "If something is missing, press Continue."
        )

    def length_reached(self) -> base.LengthReached:
        return base.LengthReached(
            "The answer reached its length limit: ask to go on, or press Continue."
        )

    def too_long(self) -> base.RequestTooLong:
        return base.RequestTooLong(
            f"This is more than {self._model_name()} can take at once. "
            "Send a shorter message, or start a new conversation."
        )

    def endless(self) -> base.BadResponse:
        return base.BadResponse(
            f"{self.label} did not come to an end, so its answer was stopped here. "
            "Ask for less at a time."
        )

    def empty(self) -> base.BadResponse:
        return base.BadResponse(f"{self.label} sent an empty answer. Try again.")

    def thought_too_long(self) -> base.BadResponse:
        return base.BadResponse(
            f"{self._model_name()} thought until its answer had no room left, and wrote nothing. "
            "Ask for less at a time, or choose a model that thinks less."
        )

    def unreadable(self) -> base.BadResponse:
        return base.BadResponse(
            f"{self.label} answered in a way that could not be read. Try again."
        )

    def not_as_asked(self) -> base.BadResponse:
        return base.BadResponse(
            f"{self._model_name()} did not answer in the form that was asked for, twice. "
            "Try again, or choose a larger model."
        )

    def declined(self) -> base.RequestRefused:
        return base.RequestRefused(
            f"{self.label} declined to answer this. Put it in other words and try again."
        )

    def declined_midway(self) -> base.RequestRefused:
        return base.RequestRefused(
            f"{self.label} declined to go on with this answer. Put it in other words and try again."
        )

    def no_such_model(self) -> base.ModelNotFound:
        way_out = (
            f"Run `ollama pull {self.model}`, or choose another in {self._model_setting}."
            if self.label == "Ollama" and self.model
            else self._model_hint
        )
        return base.ModelNotFound(
            f"{self.label} has no model named “{self.model or 'unknown'}”. {way_out}"
        )

    def _without_key(self, text: str) -> str:
        if self._key:
            text = text.replace(self._key, "…")
        return _KEY.sub("…", text)

    def _model_name(self) -> str:
        return f"{self.label} ({self.model})" if self.model else self.label

    def quote(self, text: str) -> str:
        """Return the provider's own message as a short quotation without a key; "" for markup."""
        text = " ".join(text.split())
        if not text or "<" in text:
            return ""
        text = self._without_key(text)
        return f" It said: “{text if len(text) <= 200 else text[:199] + '…'}”"


def _chain(error: BaseException) -> list[type]:
    """Return the classes (with their bases) of an error and of what caused it."""
    kinds: list[type] = []
    current: BaseException | None = error
    while current is not None and len(kinds) < 60:
        kinds += type(current).__mro__
        current = current.__cause__ or current.__context__
    return kinds


def _status_in(body: object) -> int | None:
    """Return the status in an error that came inside a 200 response, as OpenRouter sends it."""
    inner = body.get("error", body) if isinstance(body, dict) else None
    code = inner.get("code") if isinstance(inner, dict) else None
    if isinstance(code, str) and code.isdecimal() and len(code) == 3:
        code = int(code)
    return code if isinstance(code, int) and 400 <= code < 600 else None


def _kind_and_message(body: object) -> tuple[str, str]:
    """Return the type and message in an error body, whatever its shape."""
    if isinstance(body, str):
        return "", body
    if not isinstance(body, dict):
        return "", ""
    inner: Any = body.get("error", body)
    if isinstance(inner, str):
        return "", inner
    if not isinstance(inner, dict):
        return "", ""
    kind = inner.get("code") if inner.get("code") in _STATUS_OF_TYPE else inner.get("type")
    message = inner.get("message") or inner.get("detail") or ""
    return str(kind or ""), str(message)
