"""Ollama's own API, which sets the window (`num_ctx`); its OpenAI-compatible one cannot.

There a prompt that is longer than Ollama's default of 4,096 tokens loses its beginning, and nobody
is told. See github.com/ollama/ollama, docs/api.md.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from memoryloop.llm import limits, transport
from memoryloop.llm.base import ChatMessage
from memoryloop.llm.event_lines import EventLines
from memoryloop.llm.failures import Failures
from memoryloop.llm.garbled import fit
from memoryloop.llm.retry import send_with_retry
from memoryloop.llm.streaming import Delta
from memoryloop.llm.structured import StructuredAnswer
from memoryloop.llm.windows import Facts

if TYPE_CHECKING:
    import httpx2


class Refused(Exception):
    """Ollama answered with an HTTP status that is an error."""

    def __init__(self, response: "httpx2.Response", body: object) -> None:
        super().__init__(f"HTTP {response.status_code}")
        self.response = response
        self.status_code = response.status_code
        self.body = body


class Ollama:
    """Requests to a model at Ollama's own address. A Wire (chat_completions.py)."""

    marks_end = True

    def __init__(
        self, http: "httpx2.AsyncClient", facts: Facts, *, key: str, model: str, failures: Failures
    ) -> None:
        self._http, self._facts, self._failures = http, facts, failures
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._model = model

    async def open_stream(
        self, system: str, messages: Sequence[ChatMessage], limit: int, headers: Mapping[str, str]
    ) -> EventLines:
        body = self._body(system, messages, limit) | {"stream": True}
        return EventLines(await self._send(body, headers, limits.FIRST_TEXT_SECONDS))

    def read_event(self, event: Any) -> Delta:
        message = event.get("message")
        text = message.get("content") if isinstance(message, dict) else ""
        return Delta(
            text=str(text or ""),
            is_last=bool(event.get("done")),
            is_cut_off=event.get("done_reason") == "length",
        )

    async def ask(
        self,
        mode: str,
        shape: dict[str, Any],
        system: str,
        messages: Sequence[ChatMessage],
        limit: int,
    ) -> StructuredAnswer:
        body = self._body(system, messages, limit) | {"stream": False}
        if mode != "words":
            body["format"] = shape if mode == "schema" else "json"
        if self._facts.thinks:
            # Thinking would use up the room of a small window.
            body["think"] = False

        async def send(headers: Mapping[str, str]) -> Any:
            response = await self._send(body, headers, limits.STRUCTURED_SECONDS)
            try:
                await response.aread()
                return response.json()
            finally:
                await response.aclose()

        answer = await send_with_retry(
            send, self._failures, patience_seconds=limits.OBJECT_PAUSE_SECONDS
        )
        message = answer.get("message") if isinstance(answer, dict) else None
        if not isinstance(message, dict):
            raise self._failures.unreadable()
        return StructuredAnswer(
            str(message.get("content") or ""), is_cut_off=answer.get("done_reason") == "length"
        )

    def _body(self, system: str, messages: Sequence[ChatMessage], limit: int) -> dict[str, Any]:
        told = [{"role": "system", "content": fit(system)}] if system.strip() else []
        told += [
            {"role": message.role, "content": fit(message.content)}
            for message in messages
            if message.content.strip()
        ]
        return {
            "model": self._model,
            "messages": told,
            "options": {"num_ctx": self._facts.window, "num_predict": limit},
            # What does not fit is an error. Unless told so, Ollama leaves out the beginning.
            "truncate": False,
            "shift": False,
        }

    async def _send(
        self, body: object, headers: Mapping[str, str], patience_seconds: float
    ) -> "httpx2.Response":
        """Return the response, its body unread. Raises Refused for a status that is an error."""
        request = self._http.build_request(
            "POST",
            f"{self._facts.ollama}/api/chat",
            json=body,
            headers={**self._headers, **headers},
            timeout=transport.timeout(patience_seconds),
        )
        response = await self._http.send(request, stream=True)
        if response.is_success:
            return response
        try:
            await response.aread()
            try:
                said: object = response.json()
            except ValueError:
                said = response.text
            raise Refused(response, said)
        finally:
            await response.aclose()
