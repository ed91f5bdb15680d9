"""The learner's endpoint: a server that a learner named in Settings, asked through guarded.py."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from memoryloop.llm import checking, transport
from memoryloop.llm.base import ModelNotFound
from memoryloop.llm.failures import Failures
from memoryloop.llm.openai_compatible import CompatibleProvider, import_sdk
from memoryloop.llm.server_names import choose_model

if TYPE_CHECKING:
    import httpx2


@dataclass(frozen=True)
class EndpointCheck:
    """The result of a check: the models that can chat, and the one to use."""

    label: str
    models: tuple[str, ...]
    # The model asked for, or else the first that can chat; blank where there is none.
    model: str
    # A sentence that says what is wrong with the model; blank if nothing is.
    problem: str = ""


class LearnerEndpoint(CompatibleProvider):
    _model_setting = "Settings"
    _key_hint = "Check or replace its key in Settings."

    def __repr__(self) -> str:
        return f"<LearnerEndpoint {self.label} {self.model or '(first model)'}>"

    async def check(self) -> EndpointCheck:
        """Ask for the list of models, which costs nothing. Raises LlmError."""
        wanted, self.model = self.model, self.model or "unasked"
        client = await self._ready_client()
        self.model = wanted
        names, label = await self._list_models(client)
        self.label = label or self.label
        chat = tuple(name for name in names if choose_model([name]))
        model = wanted or choose_model(names, label=self.label)
        problem = ""
        if not model:
            problem = (
                f"{self.label} can be reached, but lists no model that can chat. "
                "Load one there and test again, or name one here."
            )
        elif wanted not in names and f"{wanted}:latest" not in names and wanted:
            problem = await self._problem_with(client, wanted)
        return EndpointCheck(self.label, chat, model, problem)

    async def _problem_with(self, client: Any, model: str) -> str:
        """Ask for a model that is not listed: some servers have more than they list."""
        try:
            await client.models.retrieve(model)
        except Exception as error:
            failure = self._failures().from_sdk(error, answering=False)
            if not isinstance(failure, ModelNotFound):
                raise failure from None
            return failure.sentence
        return ""

    async def _list_models(self, client: Any) -> tuple[list[str], str]:
        """Return the names of the listed models, and the server's label if they tell it."""
        try:
            page = await client.models.list()
        except Exception as error:
            if getattr(error, "status_code", None) in {404, 405}:
                return [], ""
            raise
        items = list(page.data or [])
        is_ollama = bool(items) and getattr(items[0], "owned_by", "") == "library"
        return [str(item.id) for item in items], "Ollama" if is_ollama else ""

    async def _http_client(self) -> "httpx2.AsyncClient":
        return await transport.http_client(self._url, guarded=True)

    def _failures(self) -> Failures:
        parts = urlsplit(self._url)
        return Failures(
            self.label,
            self.model,
            key=self._key,
            hint=f"Check in Settings that {parts.scheme}://{parts.netloc}{parts.path} is its "
            "address, and that it is running.",
            key_hint=self._key_hint,
            model_setting=self._model_setting,
        )


def check_endpoint(base_url: str, api_key: str = "", model: str = "") -> EndpointCheck:
    """Check a server by asking for its models, which costs nothing. Raises LlmError, within 3 s.

    Safe in any thread, whether an event loop runs there or not.
    """
    provider = LearnerEndpoint(base_url, api_key, model)
    return checking.run_in_time(provider.check, import_sdk, provider._failures())
