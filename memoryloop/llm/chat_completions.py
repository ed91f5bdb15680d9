"""Chat completions: what is sent and what is read in OpenAI's protocol, whoever speaks it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from memoryloop.llm import event_lines, limits, manners, transport
from memoryloop.llm.base import ChatMessage
from memoryloop.llm.event_lines import EventLines
from memoryloop.llm.failures import Failures
from memoryloop.llm.garbled import fit
from memoryloop.llm.manners import Manner
from memoryloop.llm.retry import RETRY_HEADER, send_with_retry
from memoryloop.llm.streaming import Delta
from memoryloop.llm.structured import StructuredAnswer
from memoryloop.llm.windows import Where

if TYPE_CHECKING:
    from types import ModuleType

    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletionMessageParam


class Wire(Protocol):
    """A protocol in which a model is asked."""

    # Whether every complete answer ends with a mark.
    marks_end: bool

    async def open_stream(
        self, system: str, messages: Sequence[ChatMessage], limit: int, headers: Mapping[str, str]
    ) -> EventLines:
        """Send a conversation once; return the events of the answer."""
        ...

    def read_event(self, event: Any) -> Delta: ...

    async def ask(
        self,
        mode: str,
        shape: dict[str, Any],
        system: str,
        messages: Sequence[ChatMessage],
        limit: int,
    ) -> StructuredAnswer:
        """Ask for an object: constrained to a "schema", to any "json", or by "words" alone.

        Raises LlmError.
        """
        ...


class ChatCompletions:
    """OpenAI's protocol, through its SDK, in the manner that the server wants."""

    marks_end = False

    def __init__(
        self,
        client: "AsyncOpenAI",
        sdk: "ModuleType",
        where: Where,
        is_openai: bool,
        failures: Failures,
    ) -> None:
        self._client, self._sdk, self._where, self._failures = client, sdk, where, failures
        # OpenAI's newer models refuse max_tokens, which everybody else knows.
        self._manner = Manner("max_completion_tokens" if is_openai else "max_tokens")

    async def open_stream(
        self, system: str, messages: Sequence[ChatMessage], limit: int, headers: Mapping[str, str]
    ) -> EventLines:
        async def post(manner: Manner) -> Any:
            # The SDK's call for any path. chat.completions.create() also builds a model of each
            # chunk, which takes more processor time than everything else that is done with it.
            return await self._client.post(
                "/chat/completions",
                body={
                    "model": self._where.model,
                    "messages": conversation(system, messages, manner),
                    "stream": True,
                    **limited(manner, limit),
                },
                options={"headers": headers},
                cast_to=object,
                stream=True,
                stream_cls=self._sdk.AsyncStream[object],
            )

        # A failure that says nothing is first taken for one that passes.
        stream = await self._in_manner(post, guess=headers[RETRY_HEADER] != "0")
        return EventLines(stream.response)

    def read_event(self, event: Any) -> Delta:
        return read_event(event)

    async def ask(
        self,
        mode: str,
        shape: dict[str, Any],
        system: str,
        messages: Sequence[ChatMessage],
        limit: int,
    ) -> StructuredAnswer:
        extra: dict[str, Any] = {}
        if mode == "schema":
            form = {"name": "answer", "strict": True, "schema": shape}
            extra["response_format"] = {"type": "json_schema", "json_schema": form}
        elif mode == "json":
            extra["response_format"] = {"type": "json_object"}
        completion = await send_with_retry(
            lambda headers: self._in_manner(
                lambda manner: self._client.chat.completions.create(
                    model=self._where.model,
                    messages=conversation(system, messages, manner),
                    extra_headers=headers,
                    extra_body={**extra, **limited(manner, limit)},
                    timeout=transport.timeout(limits.STRUCTURED_SECONDS),
                ),
                guess=mode == "words" and headers[RETRY_HEADER] != "0",
            ),
            self._failures,
            patience_seconds=limits.OBJECT_PAUSE_SECONDS,
        )
        return read_answer(completion, self._failures)

    async def _in_manner(self, ask: Callable[[Manner], Awaitable[Any]], *, guess: bool) -> Any:
        return await manners.ask(
            self._where,
            self._manner,
            ask,
            lambda error: self._failures.from_sdk(error, answering=False),
            guess=guess,
        )


def conversation(
    system: str, messages: Sequence[ChatMessage], manner: Manner
) -> "list[ChatCompletionMessageParam]":
    told: list[ChatCompletionMessageParam] = []
    before = fit(system).strip()
    if before and manner.has_system_role:
        told.append({"role": "system", "content": before})
        before = ""
    for message in messages:
        if not message.content.strip():
            continue
        content = fit(message.content)
        if message.role == "user":
            told.append(
                {"role": "user", "content": f"{before}\n\n{content}" if before else content}
            )
            before = ""
        else:
            told.append({"role": "assistant", "content": content})
    return told


def limited(manner: Manner, limit: int) -> dict[str, int]:
    return {manner.limit: limit} if manner.limit else {}


def read_event(event: Any) -> Delta:
    if event is event_lines.DONE:
        return Delta(is_last=True)
    choices = event.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return Delta()
    reason = choices[0].get("finish_reason")
    # A server that ignores `stream` sends the whole message at once.
    whole = choices[0].get("message")
    said = whole if isinstance(whole, dict) else choices[0].get("delta")
    text = _text(said.get("content")) or said.get("refusal") if isinstance(said, dict) else ""
    return Delta(
        text=str(text or ""),
        is_last=bool(reason) or said is whole is not None,
        is_refusal=reason == "content_filter",
        is_cut_off=reason == "length",
    )


def _text(content: Any) -> str:
    """Return the text of a message, which some servers send in parts."""
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict) and part.get("type") == "text"]
        return "".join(str(part.get("text") or "") for part in parts)
    return str(content or "")


def read_answer(completion: Any, failures: Failures) -> StructuredAnswer:
    choices = getattr(completion, "choices", None)
    if not choices:
        # OpenRouter sends the errors of those behind it with status 200.
        error = getattr(completion, "error", None)
        raise failures.from_status(200, error) if error else failures.unreadable()
    message = getattr(choices[0], "message", None)
    reason = getattr(choices[0], "finish_reason", None)
    content = _text(getattr(message, "content", None))
    if not content and (getattr(message, "refusal", None) or reason == "content_filter"):
        raise failures.declined()
    return StructuredAnswer(content, is_cut_off=reason == "length")
