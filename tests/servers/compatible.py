"""OpenAI's chat completions as other servers offer them too, among them Ollama."""

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any, ClassVar

from tests.servers import invention
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


class OpenAIServer(ProviderServer):
    """POST /v1/chat/completions and GET /v1/models; as Ollama also /api/tags and /api/version."""

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
        if self.refuses(request) or (self.needs_key and request.key in {"", "none"}):
            return _error(401, f"Incorrect API key provided: {request.key}", "invalid_api_key")
        if request.method == "GET" and request.path == "/v1/models":
            owner = "library" if self.ollama else "system"
            listed = [
                {"id": name, "object": "model", "created": 1, "owned_by": owner}
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
        if form.get("type") in self.refused_formats:
            return _error(400, f"response_format type {form['type']} is not supported")
        step = self.take(request)
        scripted = scripted_response(step, _error_body(step.status, "scripted"))
        if scripted:
            return scripted
        if asked["model"] not in self.models:
            return _error(404, f"model '{asked['model']}' not found", "model_not_found")
        text = _text(asked, step)
        if asked.get("stream"):
            kind = {"Content-Type": "text/event-stream"}
            return Response(events=_events(asked["model"], text, step), headers=kind, step=step)
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
                        "finish_reason": step.stop_reason or "stop",
                    }
                ],
                "usage": {"prompt_tokens": 100, "completion_tokens": 200, "total_tokens": 300},
            },
            step=step,
        )


def _text(asked: dict[str, Any], step: Step) -> str:
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


def _events(model: str, text: str, step: Step) -> Iterator[bytes]:
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
    yield chunk({}, step.stop_reason or "stop")
    yield _event({"id": identity, "object": "chat.completion.chunk", "choices": []})
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
