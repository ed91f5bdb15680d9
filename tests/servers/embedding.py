"""An embedding model, as Ollama serves it (/api/embed) and as others do (/v1/embeddings)."""

import hashlib
import math
import random
import re
from typing import Any, ClassVar

from tests.servers.core import (
    ProviderServer,
    Recorded,
    Response,
    json_response,
    scripted_response,
)


class EmbeddingServer(ProviderServer):
    """Makes a vector of `width` from the words of a text: texts with the same words are near."""

    name: ClassVar[str] = "embedding"

    def __init__(self, port: int = 0, *, ollama: bool = True, width: int = 1024) -> None:
        self.ollama = ollama
        self.width = width
        self.needs_key = False
        # The longest text and the most texts that it takes.
        self.most_characters = 1_000_000
        self.most_texts = 10_000
        super().__init__(port)

    def default_models(self) -> list[str]:
        return ["bge-m3"]

    @property
    def url(self) -> str:
        return self.root if self.ollama else f"{self.root}/v1"

    def texts(self) -> list[str]:
        """Return all texts that vectors were asked for, in their order."""
        return [text for request in self.questions() for text in _texts(request.json)]

    def respond(self, request: Recorded) -> Response:
        wanted = {True: {"/api/embed", "/v1/embeddings"}, False: {"/v1/embeddings"}}[self.ollama]
        if request.path not in wanted or request.method != "POST":
            return Response(body=b"404 page not found", status=404)
        is_ollama = request.path == "/api/embed"
        asked = request.json if isinstance(request.json, dict) else {}
        if self.refuses(request) or (self.needs_key and not request.key):
            return json_response({"error": {"message": "Invalid API key"}}, 401)
        step = self.take(request)
        if scripted := scripted_response(step, {"error": "scripted"}):
            return scripted
        if asked.get("model") not in self.models:
            said = f'model "{asked.get("model")}" not found, try pulling it first'
            return json_response({"error": said if is_ollama else {"message": said}}, 404)
        texts = _texts(asked)
        if any(len(text) > self.most_characters for text in texts):
            said = "the input length exceeds the context length"
            return json_response({"error": said if is_ollama else {"message": said}}, 400)
        if len(texts) > self.most_texts:
            return json_response({"error": f"batch size > {self.most_texts}"}, 422)
        vectors = [vector_of(text, self.width) for text in texts]
        if is_ollama:
            return json_response({"model": asked["model"], "embeddings": vectors}, step=step)
        data = [
            {"object": "embedding", "index": index, "embedding": vector}
            for index, vector in reversed(list(enumerate(vectors)))
        ]
        return json_response({"object": "list", "data": data, "model": asked["model"]}, step=step)


def vector_of(text: str, width: int) -> list[float]:
    """Return a vector that is the sum of one for each word; its length is not 1."""
    total = [0.0] * width
    for word in re.findall(r"\w+", text.lower()) or [text]:
        numbers = random.Random(hashlib.sha256(word.encode()).digest())
        for place in range(width):
            total[place] += numbers.gauss(0, 1 / math.sqrt(width))
    return [round(number * 3, 5) for number in total]


def _texts(asked: Any) -> list[str]:
    given = asked.get("input", []) if isinstance(asked, dict) else []
    return [given] if isinstance(given, str) else list(given)
