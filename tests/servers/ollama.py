"""Ollama's own API: /api/show, and /api/chat with its window (`num_ctx`)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.servers.core import (
    Recorded,
    Response,
    Step,
    as_json,
    json_response,
    pieces,
    scripted_response,
)

if TYPE_CHECKING:
    from tests.servers.compatible import OpenAIServer

# What Ollama gives a request that names no number.
DEFAULT_WINDOW = 4_096


def respond(server: "OpenAIServer", request: Recorded) -> Response:
    asked = request.json
    if not isinstance(asked, dict) or asked.get("model") not in server.models:
        name = asked.get("model") if isinstance(asked, dict) else ""
        return json_response({"error": f"model '{name}' not found"}, 404)
    if request.path == "/api/show":
        return json_response(server.shown)
    return _chat(server, request, asked)


def _chat(server: "OpenAIServer", request: Recorded, asked: dict[str, Any]) -> Response:
    from tests.servers.compatible import count_tokens, cut_at, text_for

    step = server.take(request)
    scripted = scripted_response(step, {"error": "scripted"})
    if scripted:
        return scripted
    form = asked.get("format")
    kind = "json_schema" if isinstance(form, dict) else "json_object"
    if form and kind in server.refused_formats:
        return json_response({"error": server.format_refusal[1]}, server.format_refusal[0])
    options = asked.get("options", {})
    window = options.get("num_ctx") or DEFAULT_WINDOW
    left = window - count_tokens(asked["messages"])
    if left <= 0:
        if asked.get("truncate") is False:
            return json_response({"error": "the input length exceeds the context length"}, 400)
        server.cut_silently.append(request)
        left = window // 2
    shown = {"response_format": {"json_schema": {"schema": form}}} if kind == "json_schema" else {}
    text = text_for({**asked, **shown, "stream": asked.get("stream") and not form}, step)
    text, is_cut = cut_at(text, min(left, options.get("num_predict") or left))
    reason = "length" if is_cut else step.stop_reason or "stop"
    if asked.get("stream", True):
        headers = {"Content-Type": "application/x-ndjson"}
        return Response(
            events=_events(asked["model"], text, reason, step), headers=headers, step=step
        )
    return json_response(_event(asked["model"], text, reason), step=step)


def _events(model: str, text: str, reason: str, step: Step) -> Iterator[bytes]:
    for number, piece in enumerate(pieces(text)):
        if step.error and number == step.error_after:
            yield as_json({"error": step.error.get("message", "")}) + b"\n"
            return
        yield as_json(_event(model, piece)) + b"\n"
    yield as_json(_event(model, "", reason)) + b"\n"


def _event(model: str, text: str, reason: str = "") -> dict[str, Any]:
    end = {"done_reason": reason, "prompt_eval_count": 26, "eval_count": 259} if reason else {}
    return {
        "model": model,
        "created_at": "2026-01-01T00:00:00Z",
        "message": {"role": "assistant", "content": text},
        "done": bool(reason),
        **end,
    }
