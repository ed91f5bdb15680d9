"""The Claude provider, on the anthropic SDK, which is imported at its first use (1.1 s)."""

import asyncio
import functools
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings

from memoryloop.llm import checking, claude_models, limits, transport
from memoryloop.llm.base import (
    AuthenticationFailed,
    ChatMessage,
    Effort,
    Found,
    ModelNotFound,
    T,
)
from memoryloop.llm.claude_models import Takes
from memoryloop.llm.failures import Failures
from memoryloop.llm.garbled import fit
from memoryloop.llm.retry import send_with_retry
from memoryloop.llm.schemas import instructions, strict_schema
from memoryloop.llm.streaming import Delta, stream_text
from memoryloop.llm.structured import Asked, OutputModes, StructuredAnswer, ask_for_object

if TYPE_CHECKING:
    from types import ModuleType

    from anthropic import AsyncAnthropic
    from anthropic.types import MessageParam, TextBlockParam

DEFAULT_URL = "https://api.anthropic.com"
_TOOL = "give_answer"
# The stop reasons of an answer that is not complete.
_CUT = {"max_tokens", "model_context_window_exceeded"}
_LISTED_MODELS = 100
# A prefix of fewer characters is cached by no model (the least is 512 tokens).
_CACHED_CHARACTERS = 1_000
# Of every model that is offered: platform.claude.com, "Context windows".
_WINDOW = 200_000


@functools.cache
def _output_modes(modes: tuple[str, ...]) -> OutputModes:
    return OutputModes(*modes)


@functools.cache
def import_sdk() -> "ModuleType":
    import anthropic

    return anthropic


async def _sdk() -> "ModuleType":
    """Import the SDK in a thread: the loop has other learners' answers to pass on."""
    if import_sdk.cache_info().currsize:
        return import_sdk()
    return await asyncio.to_thread(import_sdk)


class ClaudeProvider:
    label = "Claude"
    is_model = True

    def __init__(self, api_key: str, model: str = "") -> None:
        self.model = model or settings.CLAUDE_MODEL
        self._key = api_key
        # Always given: the SDK would take a missing address from the environment.
        self._url = settings.ANTHROPIC_BASE_URL or DEFAULT_URL
        self._failures = _failures(api_key, self.model)

    def __repr__(self) -> str:
        return f"<ClaudeProvider {self.model}>"

    async def stream(
        self,
        *,
        system: str,
        messages: Sequence[ChatMessage],
        quoted: str = "",
        found: Sequence[Found] = (),  # noqa: ARG002  # part of the protocol
        max_tokens: int = 4096,
        is_whole: bool = True,
    ) -> AsyncGenerator[str, None]:
        client = await self._client()
        takes = await self._takes(client)
        conversation = _conversation(messages)
        if is_whole:
            conversation = _marked(conversation, system)
        conversation = _with_quoted(conversation, quoted)

        async def send(headers: Mapping[str, str]) -> Any:
            return await client.messages.create(
                model=self.model,
                system=_system(system),
                messages=conversation,
                max_tokens=takes.max_tokens(max_tokens, None),
                stream=True,
                extra_headers=headers,
            )

        texts = stream_text(send, _read_event, self._failures)
        try:
            async for text in texts:
                yield text
        finally:
            await texts.aclose()

    async def window(self) -> int | None:
        return _WINDOW

    async def structured(
        self,
        *,
        system: str,
        prompt: str,
        schema: type[T],
        max_tokens: int = 8192,
        effort: Effort | None = None,
    ) -> T:
        client = await self._client()
        takes = await self._takes(client)
        shape = strict_schema(schema)
        request = _Request(system, shape, takes.max_tokens(max_tokens, effort))
        if takes.effort and effort:
            request = replace(request, effort=effort)

        async def ask(conversation: Sequence[ChatMessage]) -> StructuredAnswer:
            message = await _output_modes(takes.modes).ask(
                Asked.of(self._url, self.model, self._key, schema),
                lambda mode: self._ask_for(client, request.in_mode(mode), conversation),
            )
            return self._read(message)

        return await ask_for_object(ask, prompt, schema, self._failures)

    async def _ask_for(
        self, client: "AsyncAnthropic", request: dict[str, Any], conversation: Sequence[ChatMessage]
    ) -> Any:
        return await send_with_retry(
            lambda headers: client.messages.create(
                model=self.model,
                messages=_conversation(conversation),
                extra_headers=headers,
                # The whole answer comes at once.
                timeout=transport.timeout(limits.STRUCTURED_SECONDS),
                **request,
            ),
            self._failures,
            patience_seconds=limits.OBJECT_PAUSE_SECONDS,
        )

    async def _takes(self, client: "AsyncAnthropic") -> Takes:
        return await claude_models.takes(
            self.model,
            self._url,
            lambda name: client.models.retrieve(
                name, timeout=transport.timeout(limits.KEY_CHECK_SECONDS)
            ),
        )

    def _read(self, message: Any) -> StructuredAnswer:
        reason = getattr(message, "stop_reason", None)
        if reason == "refusal":
            raise self._failures.declined()
        blocks = getattr(message, "content", None)
        if not isinstance(blocks, list):
            raise self._failures.unreadable()
        cut = reason in _CUT
        for block in blocks:
            if getattr(block, "type", "") == "tool_use":
                return StructuredAnswer(block.input, cut)
        texts = [block.text for block in blocks if getattr(block, "type", "") == "text"]
        return StructuredAnswer("".join(texts), cut)

    async def _client(self) -> "AsyncAnthropic":
        return await _client(self._key, self._url)


async def _client(api_key: str, url: str) -> "AsyncAnthropic":
    sdk = await _sdk()
    return cast(
        "AsyncAnthropic",
        sdk.AsyncAnthropic(
            # Never empty: the SDK would take a missing key from the environment.
            api_key=api_key or "missing",
            base_url=url,
            max_retries=0,
            timeout=transport.timeout(limits.FIRST_TEXT_SECONDS),
            http_client=await transport.http_client(url),
        ),
    )


@dataclass(frozen=True)
class _Request:
    """The part of a request for an object that is the same for each message."""

    system: str
    shape: dict[str, Any]
    max_tokens: int
    effort: Effort | None = None

    def in_mode(self, mode: str) -> dict[str, Any]:
        """Return the fields of the request that asks for the object in one of the modes."""
        fields: dict[str, Any] = {"max_tokens": self.max_tokens, "system": _system(self.system)}
        output: dict[str, Any] = {"effort": self.effort} if self.effort else {}
        if mode == "tool":
            tool = {"name": _TOOL, "description": "Give the answer.", "input_schema": self.shape}
            fields |= {"tools": [tool], "tool_choice": {"type": "tool", "name": _TOOL}}
        elif mode == "schema":
            output["format"] = {"type": "json_schema", "schema": self.shape}
        else:
            # For whoever refused the others: nothing that could be refused.
            fields["system"] = _system(f"{self.system}\n\n{instructions(self.shape)}")
            output = {}
        return {**fields, "output_config": output} if output else fields


def _failures(api_key: str, model: str = "") -> Failures:
    return Failures(
        "Claude",
        model,
        key=api_key,
        hint="Check the internet connection of this server and try again.",
        key_hint="Check or replace it in Settings.",
        model_setting="Settings",
    )


def _conversation(messages: Sequence[ChatMessage]) -> "list[MessageParam]":
    """Return the messages as the API takes them: none is blank, the first is the learner's."""
    conversation: list[MessageParam] = []
    for message in messages:
        if not message.content.strip():
            continue
        if message.role == "user":
            conversation.append({"role": "user", "content": fit(message.content)})
        elif conversation:
            conversation.append({"role": "assistant", "content": fit(message.content)})
    return conversation


def _system(text: str) -> "str | list[TextBlockParam]":
    """Return the system prompt, marked to be cached if it is long enough."""
    text = fit(text)
    return [_cached(text)] if len(text) >= _CACHED_CHARACTERS else text


def _marked(conversation: "list[MessageParam]", system: str) -> "list[MessageParam]":
    """Return a conversation that is marked to be cached, if it is long enough.

    The mark is on the last message before the question: up to there, the next question has the
    same. A conversation that has lost its beginning is not marked: it loses more by the next
    question, and writing to the cache costs more than it saves.
    """
    before = conversation[:-1]
    length = len(system) + sum(len(str(message["content"])) for message in before)
    if not before or length < _CACHED_CHARACTERS:
        return conversation
    last = before[-1]
    marked = _with_blocks(last, [_cached(str(last["content"]))])
    return [*before[:-1], marked, conversation[-1]]


def _with_quoted(conversation: "list[MessageParam]", quoted: str) -> "list[MessageParam]":
    """Return a conversation with what was looked up for the question beside it."""
    if not conversation or not quoted.strip():
        return conversation
    *before, question = conversation
    texts = (fit(quoted.strip()), str(question["content"]))
    return [*before, _with_blocks(question, [{"type": "text", "text": text} for text in texts])]


def _with_blocks(message: "MessageParam", blocks: "list[TextBlockParam]") -> "MessageParam":
    return cast("MessageParam", {"role": message["role"], "content": blocks})


def _cached(text: str) -> "TextBlockParam":
    return {"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}


def _read_event(event: Any) -> Delta:
    # The SDK does not validate events: anything may be missing.
    kind, delta = getattr(event, "type", ""), getattr(event, "delta", None)
    if kind == "content_block_delta" and getattr(delta, "type", "") == "text_delta":
        return Delta(text=str(getattr(delta, "text", "") or ""))
    if kind == "message_delta":
        reason = getattr(delta, "stop_reason", None)
        return Delta(is_refusal=reason == "refusal", is_cut_off=reason in _CUT)
    return Delta(is_last=kind == "message_stop")


def check_claude_key(api_key: str, model: str = "") -> tuple[str, ...]:
    """Check a key by asking for its models, and one of them for a word; return their names.

    The model is settings.CLAUDE_MODEL unless given. Raises LlmError; ModelNotFound names the models
    that there are. Takes 3 s for the list and 15 s for the word at most. Safe in any thread,
    whether an event loop runs there or not.
    """
    return _check(api_key, model, word=True)


def list_claude_models(api_key: str, model: str = "") -> tuple[str, ...]:
    """Check a key as check_claude_key() does, without the word: in 3 s, at no cost."""
    return _check(api_key, model, word=False)


def _check(api_key: str, model: str, *, word: bool) -> tuple[str, ...]:
    if not api_key.startswith("sk-ant-") or not api_key.isascii() or not api_key.isprintable():
        raise AuthenticationFailed("This is not a Claude API key: those begin with “sk-ant-”.")
    provider = ClaudeProvider(api_key, model)

    async def check(began: float) -> tuple[str, ...]:
        listing = _list_models(api_key, "" if word else model)
        names = await checking.in_time(listing, provider._failures, began=began)
        if word:
            try:
                await checking.ask_one_word(provider)
            except ModelNotFound as error:
                error.known = names
                raise
        return names

    return checking.run_in_time(check, import_sdk, provider._failures)


async def _list_models(api_key: str, model: str) -> tuple[str, ...]:
    """Return the names of the models, the newest first. A model that is given must exist."""
    client = await _client(api_key, settings.ANTHROPIC_BASE_URL or DEFAULT_URL)
    try:
        page = await client.models.list(limit=_LISTED_MODELS)
    except Exception as error:
        if getattr(error, "status_code", None) in {404, 405}:
            # A gateway that has no list.
            return ()
        raise
    names = tuple(str(listed.id) for listed in page.data or [])
    if model and model not in names:
        # An alias ("claude-haiku-latest") is known, though not listed.
        await client.models.retrieve(model)
    return names
