"""The OpenAI-compatible provider: Ollama, LM Studio, vLLM, OpenAI, OpenRouter and their like."""

import asyncio
import functools
import re
import time
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from memoryloop.llm import limits, transport
from memoryloop.llm.base import ChatMessage, Effort, Found, ModelNotFound, T
from memoryloop.llm.failures import Failures
from memoryloop.llm.garbled import fit
from memoryloop.llm.retry import send_with_retry
from memoryloop.llm.schemas import instructions, strict_schema
from memoryloop.llm.streaming import Delta, stream_text
from memoryloop.llm.structured import Asked, OutputModes, StructuredAnswer, ask_for_object
from memoryloop.llm.thinking import ThinkFilter

if TYPE_CHECKING:
    from types import ModuleType

    import httpx2
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletionMessageParam

OPENAI_URL = "https://api.openai.com/v1"
SUGGESTED_OLLAMA_MODEL = "llama3.2"
_NOT_FOR_CHAT = re.compile(
    r"embed|minilm|\bbge|\be5\b|\bgte\b|rerank|whisper|tts|transcri|speech|audio|realtime|dall-e"
    r"|image|sora|moderation|guard|clip|davinci|babbage|ocr",
    re.IGNORECASE,
)
# OpenAI lists a hundred models in no order. These are the small general ones, newest first.
_PREFERRED_AT_OPENAI = ("gpt-5-mini", "gpt-4.1-mini", "gpt-4o-mini")
_output_modes = OutputModes("schema", "json", "words")
_model_lists: dict[tuple[str, str], tuple[float, "list[ListedModel]"]] = {}


@dataclass(frozen=True)
class ListedModel:
    """A model that a server says it has."""

    name: str
    owner: str = ""


@functools.cache
def import_sdk() -> "ModuleType":
    import openai

    return openai


async def _sdk() -> "ModuleType":
    """Import the SDK (0.5 s) in a thread: the loop has other learners' answers to pass on."""
    if import_sdk.cache_info().currsize:
        return import_sdk()
    return await asyncio.to_thread(import_sdk)


def normal_url(url: str) -> str:
    """Return the address with the /v1 that people leave out."""
    url = url.rstrip("/")
    return url if urlsplit(url).path else f"{url}/v1"


def label_for(url: str) -> str:
    """Return the usual name of the server at an address."""
    parts = urlsplit(url)
    host = parts.hostname or url
    if host == "api.openai.com":
        return "OpenAI"
    if host == "openrouter.ai":
        return "OpenRouter"
    if parts.port == 11434 or host == "ollama.com":
        return "Ollama"
    if parts.port == 1234:
        return "LM Studio"
    # Several servers may run on this machine: only the port tells them apart.
    return f"{host}:{parts.port}" if transport.is_local(url) and parts.port else host


def choose_model(names: Iterable[str], *, label: str = "") -> str:
    """Return the first model that can chat, or "" if there is none."""
    chat = [name for name in names if not _NOT_FOR_CHAT.search(name)]
    if label == "OpenAI":
        for name in _PREFERRED_AT_OPENAI:
            if name in chat:
                return name
    return chat[0] if chat else ""


class CompatibleProvider:
    is_model = True
    # Where the model and the key are set, for the sentences of errors.
    _model_setting = "OPENAI_MODEL"
    _key_hint = (
        "Whoever runs this MemoryLoop sets that key (OPENAI_API_KEY). "
        "You can save one of your own in Settings."
    )

    def __init__(self, base_url: str, api_key: str = "", model: str = "", label: str = "") -> None:
        self._url = normal_url(base_url)
        self._key = api_key
        self._label_given = bool(label)
        self.label = label or label_for(self._url)
        self.model = model
        self._limit = "max_tokens"
        if urlsplit(self._url).hostname == "api.openai.com":
            # Its newer models refuse max_tokens, which everybody else knows.
            self._limit = "max_completion_tokens"

    @property
    def url(self) -> str:
        return self._url

    def __repr__(self) -> str:
        return f"<CompatibleProvider {self.label} {self.model or '(first model)'}>"

    async def stream(
        self,
        *,
        system: str,
        messages: Sequence[ChatMessage],
        quoted: str = "",
        found: Sequence[Found] = (),  # noqa: ARG002  # part of the protocol
        max_tokens: int = 4096,
    ) -> AsyncGenerator[str, None]:
        client = await self._ready_client()
        stream_class = (await _sdk()).AsyncStream[object]
        thinking = ThinkFilter()
        body = {
            "model": self.model,
            "messages": _conversation(system + quoted, messages),
            "stream": True,
            self._limit: max_tokens,
        }

        async def send(headers: Mapping[str, str]) -> Any:
            # The SDK's call for any path. chat.completions.create() also builds a model of each
            # chunk, which takes more processor time than everything else that is done with it.
            return await client.post(
                "/chat/completions",
                body=body,
                options={"headers": headers},
                cast_to=object,
                stream=True,
                stream_cls=stream_class,
            )

        def read_chunk(chunk: Any) -> Delta:
            delta = _read_chunk(chunk)
            text = thinking.feed(delta.text) + (thinking.close() if delta.is_last else "")
            return delta if text == delta.text else replace(delta, text=text)

        texts = stream_text(send, read_chunk, self._failures())
        try:
            async for text in texts:
                yield text
        finally:
            await texts.aclose()

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
        shape = strict_schema(schema)
        failures = self._failures()

        async def ask(conversation: Sequence[ChatMessage]) -> StructuredAnswer:
            completion = await _output_modes.ask(
                Asked.of(self._url, self.model, self._key, schema),
                lambda mode: self._ask_for(mode, client, system, conversation, shape, max_tokens),
            )
            return _read(completion, failures)

        return await ask_for_object(ask, prompt, schema, failures)

    async def _ask_for(
        self,
        mode: str,
        client: "AsyncOpenAI",
        system: str,
        conversation: Sequence[ChatMessage],
        shape: dict[str, Any],
        max_tokens: int,
    ) -> Any:
        body: dict[str, Any] = {self._limit: max_tokens}
        if mode == "schema":
            form = {"name": "answer", "strict": True, "schema": shape}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        elif mode == "json":
            body["response_format"] = {"type": "json_object"}
        # Constrained decoding gives better answers when the model has read the schema, too.
        messages = _conversation(f"{system}\n\n{instructions(shape)}", conversation)
        return await send_with_retry(
            lambda headers: client.chat.completions.create(
                model=self.model,
                messages=messages,
                extra_headers=headers,
                extra_body=body,
                timeout=transport.timeout(limits.STRUCTURED_SECONDS),
            ),
            self._failures(),
            patience_seconds=limits.OBJECT_PAUSE_SECONDS,
        )

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
        key = (self._url, self._key)
        kept = _model_lists.get(key)
        if kept and time.monotonic() - kept[0] < limits.PROBE_KEPT_SECONDS:
            return kept[1]
        failures = self._failures()
        try:
            async with asyncio.timeout(limits.LIST_SECONDS):
                page = await client.models.list()
            models = [
                ListedModel(str(item.id), str(getattr(item, "owned_by", "") or ""))
                for item in page.data or []
            ]
        except TimeoutError:
            raise failures.timed_out(answering=False) from None
        except Exception as error:
            if getattr(error, "status_code", None) == 404:
                raise ModelNotFound(
                    f"{self.label} does not say which models it has. "
                    f"Name one in {self._model_setting}."
                ) from None
            raise failures.from_sdk(error, answering=False) from None
        if models:
            _model_lists[key] = (time.monotonic(), models)
        return models

    def _failures(self) -> Failures:
        local, url = transport.is_local(self._url), _without_password(self._url)
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


def _without_password(url: str) -> str:
    """Return an address without a password that somebody may have put into it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _conversation(
    system: str, messages: Sequence[ChatMessage]
) -> "list[ChatCompletionMessageParam]":
    conversation: list[ChatCompletionMessageParam] = []
    if system.strip():
        conversation.append({"role": "system", "content": fit(system)})
    for message in messages:
        if not message.content.strip():
            continue
        if message.role == "user":
            conversation.append({"role": "user", "content": fit(message.content)})
        else:
            conversation.append({"role": "assistant", "content": fit(message.content)})
    return conversation


def _read_chunk(chunk: Any) -> Delta:
    choices = chunk.get("choices") if isinstance(chunk, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return Delta()
    delta, reason = choices[0].get("delta"), choices[0].get("finish_reason")
    text = delta.get("content") or delta.get("refusal") if isinstance(delta, dict) else ""
    return Delta(
        text=str(text or ""),
        is_last=reason is not None,
        is_refusal=reason == "content_filter",
        is_cut_off=reason == "length",
    )


def _read(completion: Any, failures: Failures) -> StructuredAnswer:
    choices = getattr(completion, "choices", None)
    if not choices:
        # OpenRouter sends the errors of those behind it with status 200.
        error = getattr(completion, "error", None)
        raise failures.from_status(200, error) if error else failures.unreadable()
    message = getattr(choices[0], "message", None)
    reason = getattr(choices[0], "finish_reason", None)
    content = getattr(message, "content", None) or ""
    if not content and (getattr(message, "refusal", None) or reason == "content_filter"):
        raise failures.declined()
    return StructuredAnswer(str(content), is_cut_off=reason == "length")
