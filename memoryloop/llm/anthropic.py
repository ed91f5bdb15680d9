"""The Claude provider, on the anthropic SDK, which is imported at its first use (1.1 s)."""

import asyncio
import functools
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings

from memoryloop.llm import checking, limits, transport
from memoryloop.llm.base import AuthenticationFailed, ChatMessage, Found, T
from memoryloop.llm.failures import Failures
from memoryloop.llm.garbled import fit
from memoryloop.llm.retry import send_with_retry
from memoryloop.llm.schemas import instructions, strict_schema
from memoryloop.llm.streaming import Delta, stream_text
from memoryloop.llm.structured import Asked, OutputModes, StructuredAnswer, ask_for_object

if TYPE_CHECKING:
    from types import ModuleType

    from anthropic import AsyncAnthropic
    from anthropic.types import MessageParam

DEFAULT_URL = "https://api.anthropic.com"
_TOOL = "give_answer"
# The stop reasons of an answer that is not complete.
_CUT = {"max_tokens", "model_context_window_exceeded"}
# Newer models think before they write, and those tokens count towards max_tokens.
_THINKING_TOKENS = 4096
_LISTED_MODELS = 100
# Of every model that is offered: platform.claude.com, "Context windows".
_WINDOW = 200_000
# Models that always think refuse a forced tool (400) and take a schema instead
# (platform.claude.com, "Migrating to Claude Sonnet 5.5"); a gateway may know neither.
_output_modes = OutputModes("tool", "schema", "words")


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
        found: Sequence[Found] = (),  # noqa: ARG002  # part of the protocol
        max_tokens: int = 4096,
    ) -> AsyncGenerator[str, None]:
        client = await self._client()

        async def send(headers: Mapping[str, str]) -> Any:
            return await client.messages.create(
                model=self.model,
                system=fit(system),
                messages=_conversation(messages),
                max_tokens=max_tokens + _THINKING_TOKENS,
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
        self, *, system: str, prompt: str, schema: type[T], max_tokens: int = 8192
    ) -> T:
        client = await self._client()
        shape = strict_schema(schema)

        async def ask(conversation: Sequence[ChatMessage]) -> StructuredAnswer:
            message = await _output_modes.ask(
                Asked.of(self._url, self.model, self._key, schema),
                lambda mode: self._ask_for(mode, client, system, conversation, shape, max_tokens),
            )
            return self._read(message)

        return await ask_for_object(ask, prompt, schema, self._failures)

    async def _ask_for(
        self,
        mode: str,
        client: "AsyncAnthropic",
        system: str,
        conversation: Sequence[ChatMessage],
        shape: dict[str, Any],
        max_tokens: int,
    ) -> Any:
        extra: dict[str, Any] = {}
        if mode == "tool":
            extra["tools"] = [
                {"name": _TOOL, "description": "Give the answer.", "input_schema": shape}
            ]
            extra["tool_choice"] = {"type": "tool", "name": _TOOL}
        elif mode == "schema":
            extra["output_config"] = {"format": {"type": "json_schema", "schema": shape}}
        else:
            system = f"{system}\n\n{instructions(shape)}"
        return await send_with_retry(
            lambda headers: client.messages.create(
                model=self.model,
                system=fit(system),
                messages=_conversation(conversation),
                max_tokens=max_tokens + _THINKING_TOKENS,
                extra_headers=headers,
                # The whole answer comes at once.
                timeout=transport.timeout(limits.STRUCTURED_SECONDS),
                **extra,
            ),
            self._failures,
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
    """Check a key by asking for its models; return their names, the newest first.

    A model that is given must exist. Raises LlmError, within 3 s. Costs nothing. Safe in any
    thread, whether an event loop runs there or not.
    """
    if not api_key.startswith("sk-ant-") or not api_key.isascii() or not api_key.isprintable():
        raise AuthenticationFailed("This is not a Claude API key: those begin with “sk-ant-”.")
    return checking.run_in_time(
        lambda: _list_models(api_key, model), import_sdk, _failures(api_key, model)
    )


async def _list_models(api_key: str, model: str) -> tuple[str, ...]:
    client = await _client(api_key, settings.ANTHROPIC_BASE_URL or DEFAULT_URL)
    page = await client.models.list(limit=_LISTED_MODELS)
    names = tuple(str(listed.id) for listed in page.data or [])
    if model and model not in names:
        # An alias ("claude-haiku-latest") is known, though not listed.
        await client.models.retrieve(model)
    return names
