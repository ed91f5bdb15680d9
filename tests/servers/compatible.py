"""OpenAI's chat completions as other servers offer them too, each in its own manner.

`window` makes a server enforce a window as vLLM does, with a tokenizer of its own.
"""

import json
import math
import time
import uuid
from collections.abc import Iterator
from typing import Any, ClassVar

from tests.servers import invention, ollama
from tests.servers.core import (
    ProviderServer,
    Recorded,
    Response,
    Step,
    as_json,
    json_response,
    pieces,
    scripted_response,
)

# What a token takes in the tokenizer of these servers: less than English does in most.
BYTES_PER_TOKEN = 3.5


def count_tokens(messages: list[dict[str, Any]]) -> int:
    """Return how many tokens a conversation has, with the marks around each message."""
    texts = [str(message.get("content") or "") for message in messages]
    return sum(math.ceil(len(text.encode()) / BYTES_PER_TOKEN) + 5 for text in texts)


def cut_at(text: str, tokens: int) -> tuple[str, bool]:
    """Return as much of a text as so many tokens hold, and whether it was cut."""
    encoded = text.encode()
    kept = encoded[: int(tokens * BYTES_PER_TOKEN)].decode(errors="ignore")
    return kept, len(kept) < len(text)


class OpenAIServer(ProviderServer):
    """POST /v1/chat/completions and GET /v1/models; as Ollama also its own API (ollama.py)."""

    name: ClassVar[str] = "openai"

    def __init__(
        self,
        port: int = 0,
        *,
        ollama: bool = False,
        needs_key: bool = False,
        delay_seconds: float = 0.0,
    ) -> None:
        self.ollama = ollama
        self.needs_key = needs_key
        # Which of "json_schema" and "json_object" the server refuses with 400.
        self.refused_formats: set[str] = set()
        # The status and the words with which it does.
        self.format_refusal: tuple[int, str] = (400, "")
        # How many tokens prompt and answer may have together; None for any number.
        self.window: int | None = None
        # Further fields of each model in the list, and other addresses that are answered (GET).
        self.listing: dict[str, Any] = {}
        self.pages: dict[str, Any] = {}
        # The only name of the limit that it takes; blank for any.
        self.limit_name = ""
        # The status and the words with which a system message is refused; None if it is taken.
        self.system_refusal: tuple[int, str] | None = None
        self.ignores_stream = False
        # Whether a stream says that it is at its end: "both", "done", "reason" or "".
        self.end_marks = "both"
        # The requests that lost their beginning without a word (Ollama).
        self.cut_silently: list[Recorded] = []
        # What Ollama shows of every model.
        self.shown: dict[str, Any] = {
            "details": {"family": "llama"},
            "model_info": {"general.architecture": "llama", "llama.context_length": 131_072},
            "capabilities": ["completion"],
        }
        super().__init__(port, delay_seconds=delay_seconds)

    def default_models(self) -> list[str]:
        if self.ollama:
            return ["nomic-embed-text:latest", "llama3.2:latest", "qwen3:8b"]
        return ["text-embedding-3-small", "local-model"]

    @property
    def url(self) -> str:
        return f"{self.root}/v1"

    def respond(self, request: Recorded) -> Response:
        if self.ollama and request.method == "GET":
            if request.path == "/":
                return Response(body=b"Ollama is running", headers={"Content-Type": "text/plain"})
            if request.path == "/api/version":
                return json_response({"version": "0.12.0"})
            if request.path == "/api/tags":
                return json_response({"models": [_tag(name) for name in self.models]})
        if self.ollama and request.path in {"/api/show", "/api/chat"}:
            return ollama.respond(self, request)
        if request.method == "GET" and request.path in self.pages:
            return json_response(self.pages[request.path])
        if self.refuses(request) or (self.needs_key and request.key in {"", "none"}):
            return _error(401, f"Incorrect API key provided: {request.key}", "invalid_api_key")
        if request.method == "GET" and request.path == "/v1/models":
            owner = "library" if self.ollama else "system"
            listed = [
                {"id": name, "object": "model", "created": 1, "owned_by": owner, **self.listing}
                for name in self.models
            ]
            return json_response({"object": "list", "data": listed})
        if request.method != "POST" or request.path != "/v1/chat/completions":
            return Response(body=b"404 page not found", status=404)
        return self._completion(request)

    def _completion(self, request: Recorded) -> Response:
        asked = request.json
        if not isinstance(asked, dict) or not asked.get("messages") or not asked.get("model"):
            return _error(400, "model and messages are required")
        form = asked.get("response_format", {})
        refusal = self._refusal(asked, form)
        if refusal:
            return _error(*refusal)
        step = self.take(request)
        scripted = scripted_response(step, _error_body(step.status, "scripted"))
        if scripted:
            return scripted
        if asked["model"] not in self.models:
            return _error(404, f"model '{asked['model']}' not found", "model_not_found")
        text, reason = text_for(asked, step), step.stop_reason or "stop"
        limit = asked.get("max_tokens") or asked.get("max_completion_tokens")
        if self.window:
            text, is_cut = cut_at(text, limit or self.window - count_tokens(asked["messages"]))
            reason = "length" if is_cut else reason
        if asked.get("stream") and not self.ignores_stream:
            kind = {"Content-Type": "text/event-stream"}
            events = _events(asked["model"], text, step, reason, self.end_marks)
            return Response(events=events, headers=kind, step=step)
        return json_response(
            {
                "id": f"chatcmpl-{uuid.uuid4().hex[:12]}",
                "object": "chat.completion",
                "created": int(time.time()),
                "model": asked["model"],
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": text},
                        "finish_reason": reason,
                    }
                ],
                "usage": {"prompt_tokens": 100, "completion_tokens": 200, "total_tokens": 300},
            },
            step=step,
        )

    def _refusal(self, asked: dict[str, Any], form: dict[str, Any]) -> tuple[int, str] | None:
        """Return the status and the words with which a request is refused, if it is."""
        limits = [name for name in ("max_tokens", "max_completion_tokens") if name in asked]
        if self.limit_name and limits not in ([], [self.limit_name]):
            words = f"Unsupported parameter: '{limits[0]}' is not supported with this model."
            return 400, f"{words} Use '{self.limit_name}' instead."
        if self.system_refusal and asked["messages"][0]["role"] == "system":
            return self.system_refusal
        if self.window:
            prompt, answer = count_tokens(asked["messages"]), 0
            if limits:
                answer = int(asked[limits[0]])
            if prompt + answer > self.window:
                return 400, (
                    f"This model's maximum context length is {self.window} tokens. However, you "
                    f"requested {prompt + answer} tokens ({prompt} in the messages, {answer} in "
                    "the completion). Please reduce the length of the messages or completion."
                )
        if form.get("type") in self.refused_formats:
            status, words = self.format_refusal
            return status, words or f"response_format type {form['type']} is not supported"
        return None


def text_for(asked: dict[str, Any], step: Step) -> str:
    users = [item["content"] for item in asked["messages"] if item["role"] == "user"]
    form = asked.get("response_format", {})
    schema = form.get("json_schema", {}).get("schema")
    if schema is None and not asked.get("stream"):
        schema = invention.schema_in(str(asked["messages"][0]["content"]))
    if schema is None:
        return invention.answer(users[-1]) if step.text is None else step.text
    if step.structured is None and step.text is not None:
        return step.text
    value = step.structured
    if value is None:
        value = invention.invent(schema, users[0], count=step.count, html=step.html)
    return value if isinstance(value, str) else json.dumps(value)


def _events(model: str, text: str, step: Step, reason: str, end_marks: str) -> Iterator[bytes]:
    identity = f"chatcmpl-{uuid.uuid4().hex[:12]}"

    def chunk(delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return _event(
            {
                "id": identity,
                "object": "chat.completion.chunk",
                "created": int(time.time()),
                "model": model,
                "choices": [choice],
            }
        )

    for _ in range(step.pings):
        yield b": OPENROUTER PROCESSING\n\n"
    yield chunk({"role": "assistant", "content": ""})
    if step.unknown_events:
        yield b": a comment\n\n"
        yield _event({"id": identity, "object": "weather.report", "sky": "clear"})
        yield chunk({"scent": "tea"})
        yield chunk({"reasoning_content": "I wonder."})
    for number, piece in enumerate(pieces(text)):
        if step.error and number == step.error_after:
            yield _event({"error": step.error})
            return
        yield chunk({"content": piece})
    if end_marks in {"both", "reason"}:
        yield chunk({}, reason)
        yield _event({"id": identity, "object": "chat.completion.chunk", "choices": []})
    if end_marks in {"both", "done"}:
        yield b"data: [DONE]\n\n"


def _event(data: dict[str, Any]) -> bytes:
    return b"data: %s\n\n" % as_json(data)


def _tag(name: str) -> dict[str, Any]:
    family = "nomic-bert" if "embed" in name else "llama"
    return {
        "name": name,
        "model": name,
        "size": 2_019_393_189,
        "details": {"format": "gguf", "family": family, "parameter_size": "3.2B"},
    }


def _error_body(status: int, message: str, code: str | None = None) -> dict[str, Any]:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _error(status: int, message: str, code: str | None = None) -> Response:
    return json_response(_error_body(status, message, code), status)
