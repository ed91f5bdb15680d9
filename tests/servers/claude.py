"""Anthropic's Messages API, as far as a client can tell."""

import json
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

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}

# What each model accepts (platform.claude.com: "Effort", "Structured outputs", and the migration
# guides of the 5.5 models); all of it where a model is not named here.
_NO_FORCED_TOOLS = {
    "claude-fable-5-2", "claude-mythos-5-2", "claude-fable-5-1", "claude-mythos-5-1",
    "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5",
}  # fmt: skip
_OLD = {"claude-sonnet-4-20250514", "claude-3-5-haiku-20241022", "claude-3-haiku-20240307"}
_NO_EFFORT = {
    "claude-haiku-4-5", "claude-haiku-4-5-20251001", "claude-sonnet-4-5",
    "claude-sonnet-4-5-20250929", *_OLD,
}  # fmt: skip
_MAX_OUTPUT = {"claude-3-haiku-20240307": 4_096, "claude-3-5-haiku-20241022": 8_192}
_THINKING = {
    "claude-fable-5-2", "claude-mythos-5-2", "claude-fable-5-1", "claude-mythos-5-1",
    "claude-fable-5", "claude-mythos-5", "claude-mythos-preview", "claude-opus-5-5",
    "claude-sonnet-5-5", "claude-haiku-5-5", "claude-opus-5", "claude-sonnet-5",
}  # fmt: skip
# Its words are left out ("display": "omitted"); only a signature comes.
_THOUGHT = {"type": "thinking", "thinking": "", "signature": "EqQB"}


class ClaudeServer(ProviderServer):
    """POST /v1/messages (streamed or not, with tools), GET /v1/models and /v1/models/<model>."""

    name: ClassVar[str] = "claude"
    # Set for a gateway that knows no schemas.
    refuses_schemas = False
    # What GET /v1/models/<model> says of each model; 404 for others.
    capabilities: ClassVar[dict[str, dict[str, Any]]] = {}

    def default_models(self) -> list[str]:
        return ["claude-sonnet-5-5", "claude-haiku-4-5"]

    @property
    def url(self) -> str:
        return self.root

    def respond(self, request: Recorded) -> Response:
        if not request.key:
            return _error(401, "x-api-key header is required")
        if self.refuses(request):
            return _error(401, "invalid x-api-key")
        if request.method == "GET" and request.path == "/v1/models":
            step = self._models_step
            return scripted_response(step, _error_body(step.status, "scripted")) or json_response(
                {
                    "data": [
                        {
                            "type": "model",
                            "id": name,
                            "display_name": name,
                            "created_at": "2026-01-01T00:00:00Z",
                        }
                        for name in self.models
                    ],
                    "has_more": False,
                    "first_id": self.models[0],
                    "last_id": self.models[-1],
                },
                step=step,
            )
        name = request.path.removeprefix("/v1/models/")
        if request.method == "GET" and name in self.capabilities:
            return json_response(_described(name, self.capabilities[name]))
        if request.method != "POST" or request.path != "/v1/messages":
            return _error(404, f"{request.path} does not exist")
        return self._message(request)

    _models_step = Step()

    def script_models(self, **how: Any) -> None:
        """Answer every request for the list of models as a Step(**how) says."""
        self._models_step = Step(**how)

    def _message(self, request: Recorded) -> Response:
        asked = request.json
        problem = _problem(asked)
        if problem:
            return _error(400, problem)
        step = self.take(request)
        scripted = scripted_response(step, _error_body(step.status, "scripted"))
        if scripted:
            return scripted
        if asked["model"] not in self.models:
            return _error(404, f"model: {asked['model']}")
        problem = self._refusal(asked)
        if problem:
            return _error(400, problem)
        content = _content(asked, step)
        if asked.get("stream"):
            events = _events(asked["model"], content, step)
            kind = {"Content-Type": "text/event-stream; charset=utf-8"}
            return Response(events=events, headers=kind, step=step)
        return json_response(_whole(asked["model"], content, step), step=step)

    def _refusal(self, asked: dict[str, Any]) -> str:
        """Return why a model would refuse a request that others take, or ""."""
        model, output = asked["model"], asked.get("output_config", {})
        forced = asked.get("tool_choice", {}).get("type") in {"tool", "any"}
        capabilities = self.capabilities.get(model, {})
        if forced and (model in _NO_FORCED_TOOLS or capabilities):
            return 'tool_choice: type "tool" and "any" are not supported for this model.'
        if "effort" in output and (model in _NO_EFFORT or not capabilities.get("effort", True)):
            return "output_config.effort: This model does not support the effort parameter."
        if "format" in output and (model in _OLD or self.refuses_schemas):
            return "output_config.format: This model does not support structured outputs."
        if asked["max_tokens"] > _MAX_OUTPUT.get(model, 128_000):
            return f"max_tokens: {asked['max_tokens']} > the maximum for this model"
        return ""


def _described(name: str, capabilities: dict[str, Any]) -> dict[str, Any]:
    def is_supported(value: bool) -> dict[str, bool]:
        return {"supported": value}

    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "active",
        "max_tokens": capabilities.get("max_tokens", 64_000),
        "capabilities": {
            "effort": is_supported(capabilities.get("effort", True)),
            "structured_outputs": is_supported(capabilities.get("schema", True)),
            "thinking": {"supported": True, "types": {"adaptive": is_supported(True)}},
        },
    }


def _problem(asked: Any) -> str:
    """Return why the real API would refuse a request, or ""."""
    if not isinstance(asked, dict):
        return "the body is not JSON"
    for name in ("model", "max_tokens", "messages"):
        if not asked.get(name):
            return f"{name}: Field required"
    if asked["messages"][0]["role"] != "user":
        return "messages: first message must use the user role"
    if asked["messages"][-1]["role"] != "user":
        return "This model does not support assistant message prefill."
    if any(not message["content"] for message in asked["messages"]):
        return "messages: text content blocks must be non-empty"
    if "temperature" in asked or "top_p" in asked:
        return "temperature is deprecated for this model"
    return ""


def _texts(content: str | list[dict[str, Any]]) -> list[str]:
    return [content] if isinstance(content, str) else [block["text"] for block in content]


def _content(asked: dict[str, Any], step: Step) -> list[dict[str, Any]]:
    first, last = (_texts(asked["messages"][index]["content"])[-1] for index in (0, -1))
    tools = asked.get("tools") or []
    form = asked.get("output_config", {}).get("format", {})
    schema = tools[0]["input_schema"] if tools else form.get("schema")
    if schema is None and not asked.get("stream"):
        schema = invention.schema_in("".join(_texts(asked.get("system", ""))))
    if schema is None:
        text = invention.answer(last) if step.text is None else step.text
        return [{"type": "text", "text": text}]
    value = step.structured
    if value is None and step.text is not None:
        value = step.text
    if value is None:
        value = invention.invent(schema, first, count=step.count, html=step.html)
    if isinstance(value, str):
        return [{"type": "text", "text": value}]
    if not tools:
        return [{"type": "text", "text": json.dumps(value)}]
    return [
        {
            "type": "tool_use",
            "id": f"toolu_{uuid.uuid4().hex[:24]}",
            "name": tools[0]["name"],
            "input": value,
        }
    ]


def _whole(model: str, content: list[dict[str, Any]], step: Step) -> dict[str, Any]:
    used_tool = any(block["type"] == "tool_use" for block in content)
    return {
        "id": f"msg_{uuid.uuid4().hex[:24]}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [
            *([_THOUGHT] if model in _THINKING else []),
            *(block for block in content if block.get("text") != ""),
        ],
        "stop_reason": step.stop_reason or ("tool_use" if used_tool else "end_turn"),
        "stop_sequence": None,
        "usage": {"input_tokens": 100, "output_tokens": 200},
    }


def _events(model: str, content: list[dict[str, Any]], step: Step) -> Iterator[bytes]:
    message = _whole(model, [], step) | {"content": [], "stop_reason": None}
    yield _event("message_start", message=message)
    index = 0
    if model in _THINKING or step.pings:
        block = {**_THOUGHT, "signature": ""}
        yield _event("content_block_start", index=0, content_block=block)
        for _ in range(step.pings):
            yield _event("ping")
        delta = {"type": "signature_delta", "signature": "EqQB"}
        yield _event("content_block_delta", index=0, delta=delta)
        yield _event("content_block_stop", index=0)
        index = 1
    yield _event("ping")
    text = str(content[0].get("text", ""))
    if text:
        block = {"type": "text", "text": ""}
        yield _event("content_block_start", index=index, content_block=block)
    if step.unknown_events:
        yield _event("weather_report", sky="clear")
        delta = {"type": "scent_delta", "scent": "tea"}
        yield _event("content_block_delta", index=index, delta=delta)
        yield b": a comment\n\n"
    for number, piece in enumerate(pieces(text)):
        if step.error and number == step.error_after:
            yield _event("error", error=step.error)
            return
        delta = {"type": "text_delta", "text": piece}
        yield _event("content_block_delta", index=index, delta=delta)
    if text:
        yield _event("content_block_stop", index=index)
    reason = {"stop_reason": step.stop_reason or "end_turn", "stop_sequence": None}
    yield _event("message_delta", delta=reason, usage={"output_tokens": 200})
    yield _event("message_stop")


def _event(kind: str, **data: Any) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), as_json({"type": kind, **data}))


def _error_body(status: int, message: str) -> dict[str, Any]:
    kind = _TYPES.get(status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": message}}


def _error(status: int, message: str) -> Response:
    return json_response(_error_body(status, message), status)
