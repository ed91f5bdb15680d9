"""The OpenAI-compatible provider: Ollama, LM Studio, vLLM, OpenAI, OpenRouter and their like."""

import asyncio
import functools
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from memoryloop.llm import (
    limits,
    model_lists,
    transport,
    windows,
)
from memoryloop.llm.base import (
    ChatMessage,
    Effort,
    Found,
    LlmError,
    ModelNotFound,
    RequestTooLong,
    T,
    TimedOut,
    Unreachable,
)
from memoryloop.llm.chat_completions import ChatCompletions, Wire
from memoryloop.llm.event_lines import EventLines
from memoryloop.llm.failures import Failures
from memoryloop.llm.model_lists import ListedModel
from memoryloop.llm.ollama import Ollama
from memoryloop.llm.schemas import instructions, strict_schema
from memoryloop.llm.server_names import (
    SUGGESTED_OLLAMA_MODEL,
    choose_model,
    label_for,
    normal_url,
    without_password,
)
from memoryloop.llm.streaming import Delta, stream_text
from memoryloop.llm.structured import Asked, OutputModes, StructuredAnswer, ask_for_object
from memoryloop.llm.thinking import ThinkFilter
from memoryloop.llm.tokens import most_tokens
from memoryloop.llm.windows import Facts, Where

if TYPE_CHECKING:
    from types import ModuleType

    import httpx2
    from openai import AsyncOpenAI

_output_modes = OutputModes("schema", "json", "words")


@functools.cache
def import_sdk() -> "ModuleType":
    import openai

    return openai


async def _sdk() -> "ModuleType":
    """Import the SDK (0.5 s) in a thread: the loop has other learners' answers to pass on."""
    if import_sdk.cache_info().currsize:
        return import_sdk()
    return await asyncio.to_thread(import_sdk)


class CompatibleProvider:
    is_model = True
    # Where the model and the key are set, for the sentences of errors.
    _model_setting = "OPENAI_MODEL"
    _key_hint = (
        "Whoever runs this MemoryLoop sets that key (OPENAI_API_KEY). "
        "You can save one of your own in Settings."
    )

    def __init__(
        self,
        base_url: str,
        api_key: str = "",
        model: str = "",
        label: str = "",
        context_length: int = 0,
    ) -> None:
        self._url = normal_url(base_url)
        self._key = api_key
        self._label_given = bool(label)
        self.label = label or label_for(self._url)
        self.model = model
        # The window in tokens, as it was set; 0 if it was not.
        self._context_length = context_length
        self._is_openai = urlsplit(self._url).hostname == "api.openai.com"

    @property
    def url(self) -> str:
        return self._url

    def __repr__(self) -> str:
        return f"<CompatibleProvider {self.label} {self.model or '(first model)'}>"

    async def window(self) -> int | None:
        # To make a client takes longer than to look up what is known.
        if self.model and (facts := windows.known(self._where_set())):
            return self._window(facts)
        try:
            async with asyncio.timeout(limits.FACTS_SECONDS):
                return self._window(await self._facts(await self._ready_client()))
        except (LlmError, TimeoutError):
            # Whoever asks for an answer is told.
            return None

    async def stream(
        self,
        *,
        system: str,
        messages: Sequence[ChatMessage],
        quoted: str = "",
        found: Sequence[Found] = (),  # noqa: ARG002  # part of the protocol
        max_tokens: int = 4096,
        is_whole: bool = True,  # noqa: ARG002  # part of the protocol
    ) -> AsyncGenerator[str, None]:
        client = await self._ready_client()
        system += quoted
        texts = [system, *(message.content for message in messages)]
        for is_last in (False, True):
            facts = await self._known_facts(client)
            limit = self._answer_tokens(facts, texts, max_tokens)
            answer = self._answer(await self._wire(client, facts), system, messages, limit)
            is_begun = False
            try:
                async for text in answer:
                    is_begun = True
                    yield text
                return
            except RequestTooLong as refusal:
                if is_begun or not await self._leaves_less(client, refusal, texts, limit, is_last):
                    raise
            finally:
                await answer.aclose()

    def _answer(
        self, wire: Wire, system: str, messages: Sequence[ChatMessage], limit: int
    ) -> AsyncGenerator[str, None]:
        thinking = ThinkFilter()

        async def send(headers: Mapping[str, str]) -> EventLines:
            return await wire.open_stream(system, messages, limit, headers)

        def read_event(event: Any) -> Delta:
            delta = wire.read_event(event)
            text = thinking.feed(delta.text) + (thinking.close() if delta.is_last else "")
            return delta if text == delta.text else replace(delta, text=text)

        return stream_text(send, read_event, self._failures(), marks_end=wire.marks_end)

    async def structured(
        self,
        *,
        system: str,
        prompt: str,
        schema: type[T],
        max_tokens: int = 8192,
        effort: Effort | None = None,  # noqa: ARG002  # part of the protocol
    ) -> T:
        client = await self._ready_client()
        # Constrained decoding gives better answers when the model has read the schema, too.
        told = f"{system}\n\n{instructions(strict_schema(schema))}"
        failures = self._failures()

        async def ask(conversation: Sequence[ChatMessage]) -> StructuredAnswer:
            facts = await self._known_facts(client)
            texts = [told, *(message.content for message in conversation)]
            window = self._window(facts)
            if window and len(conversation) > 1 and most_tokens(texts) > window // 2:
                # The answer that is to be corrected has no room beside the next one.
                words = "\n\n".join(each.content for each in (conversation[0], conversation[-1]))
                conversation, texts = [ChatMessage("user", words)], [told, words]
            limit = self._answer_tokens(facts, texts, max_tokens)
            try:
                return await self._object(client, facts, told, conversation, schema, limit)
            except RequestTooLong as refusal:
                if not await self._leaves_less(client, refusal, texts, limit):
                    raise
            facts = await self._known_facts(client)
            limit = self._answer_tokens(facts, texts, max_tokens)
            return await self._object(client, facts, told, conversation, schema, limit)

        return await ask_for_object(ask, prompt, schema, failures)

    async def _object(
        self,
        client: "AsyncOpenAI",
        facts: Facts,
        system: str,
        conversation: Sequence[ChatMessage],
        schema: type[T],
        limit: int,
    ) -> StructuredAnswer:
        wire, shape = await self._wire(client, facts), strict_schema(schema)
        return await _output_modes.ask(
            Asked.of(facts.ollama or self._url, self.model, self._key, schema),
            lambda mode: wire.ask(mode, shape, system, conversation, limit),
        )

    async def _wire(self, client: "AsyncOpenAI", facts: Facts) -> Wire:
        """Return the protocol in which the server is asked."""
        if not facts.ollama:
            return ChatCompletions(
                client, await _sdk(), self._where(), self._is_openai, self._failures()
            )
        http = await self._http_client()
        return Ollama(http, facts, key=self._key, model=self.model, failures=self._failures())

    # The window

    def _where(self) -> Where:
        return Where.of(self._url, self.model, self._key)

    def _window(self, facts: Facts) -> int | None:
        # Ollama's window is the setting already, as far as the model has as much.
        setting = 0 if facts.ollama else self._context_length
        return windows.window(self._where(), facts, setting)

    def _answer_tokens(self, facts: Facts, texts: list[str], wanted: int) -> int:
        """Return how many tokens an answer may have. Raises RequestTooLong."""
        limit = windows.answer_tokens(
            texts, wanted, window=self._window(facts), longest=facts.longest_answer
        )
        if limit is None:
            raise self._failures().too_long()
        return limit

    async def _leaves_less(
        self,
        client: "AsyncOpenAI",
        refusal: RequestTooLong,
        texts: list[str],
        limit: int,
        is_last: bool = False,
    ) -> bool:
        """Tell whether the same texts fit with a shorter answer, now that the window is known.

        A third of the window has to be left. Else whoever asked may send less.
        """
        sent = most_tokens(texts) + limit
        window = self._window(await self._facts(client))
        is_told = bool(window) and sent > (window or 0)
        if not is_told:
            is_told = windows.learn(self._where(), refusal, sent=sent, window=window)
        if is_last or not is_told:
            return False
        facts = await self._known_facts(client)
        shorter = self._answer_tokens(facts, texts, limit)
        return min(limit, (self._window(facts) or 0) // 3) <= shorter < limit

    async def _known_facts(self, client: "AsyncOpenAI") -> Facts:
        """Return what is known without asking, except of Ollama, whose API depends on it."""
        if self.label == "Ollama":
            return await self._facts(client)
        return windows.known(self._where_set()) or Facts()

    async def _facts(self, client: "AsyncOpenAI") -> Facts:
        if self._is_openai:
            # Its models take more than is ever sent, and its list does not say how much.
            return Facts()

        async def ask() -> Facts:
            try:
                models = await self._models(client)
            except (Unreachable, TimedOut):
                return Facts(is_passing=True)
            except LlmError:
                models = []
            entry = next((each for each in models if each.name == self.model), None)
            if entry is None and len(models) == 1:
                # llama.cpp answers to any name.
                entry = models[0]
            return await windows.of_server(
                await self._http_client(),
                self._url,
                self._key,
                self.model,
                listed=entry.facts if entry else Facts(),
                is_ollama=self.label == "Ollama",
                setting=self._context_length,
            )

        return await windows.facts(self._where_set(), ask)

    def _where_set(self) -> Where:
        """Return what facts are kept for: Ollama's window is made of the setting, too."""
        return self._where()._replace(model=f"{self.model} {self._context_length}")

    # The client

    async def _ready_client(self) -> "AsyncOpenAI":
        """Return a client, once a model is chosen."""
        sdk = await _sdk()
        client = cast(
            "AsyncOpenAI",
            sdk.AsyncOpenAI(
                # Local servers need no key, but the SDK does.
                api_key=self._key or "none",
                base_url=self._url,
                max_retries=0,
                timeout=transport.timeout(limits.FIRST_TEXT_SECONDS),
                http_client=await self._http_client(),
            ),
        )
        if not self.model:
            await self._choose(client)
        return client

    async def _http_client(self) -> "httpx2.AsyncClient":
        return await transport.http_client(self._url)

    async def _choose(self, client: "AsyncOpenAI") -> None:
        """Take the first model that the server lists and that can chat. Raises LlmError."""
        models = await self._models(client)
        if not self._label_given and models and models[0].owner == "library":
            self.label = "Ollama"
        self.model = choose_model((model.name for model in models), label=self.label)
        if not self.model:
            raise ModelNotFound(
                f"Ollama has no model yet. Run `ollama pull {SUGGESTED_OLLAMA_MODEL}`, "
                "then try again."
                if self.label == "Ollama"
                else f"{self.label} lists no model that can chat. "
                f"Load one there, or name it in {self._model_setting}."
            )

    async def _models(self, client: "AsyncOpenAI") -> list[ListedModel]:
        return await model_lists.models(
            client, self._url, self._key, self._failures(), setting=self._model_setting
        )

    def _failures(self) -> Failures:
        local, url = transport.is_local(self._url), without_password(self._url)
        return Failures(
            self.label,
            self.model,
            key=self._key,
            hint=(
                f"Check that it is running at {url} and try again."
                if local
                else f"Check the address {url} and this server's connection."
            ),
            key_hint=self._key_hint,
        )
