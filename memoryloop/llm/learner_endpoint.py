"""The learner's endpoint: a server that a learner named in Settings, asked through guarded.py."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from memoryloop.llm import checking, transport
from memoryloop.llm.base import (
    AuthenticationFailed,
    LlmError,
    ModelNotFound,
    PermissionRefused,
)
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
    # A sentence that says why it is not known whether the model answers; blank if it has.
    unsure: str = ""


class LearnerEndpoint(CompatibleProvider):
    _model_setting = "Settings"
    _key_hint = "Check or replace its key in Settings."

    def __repr__(self) -> str:
        return f"<LearnerEndpoint {self.label} {self.model or '(first model)'}>"

    async def check(self, began: float, *, word: bool = True) -> EndpointCheck:
        """Ask for the list of models, and one of them for a word if that is wanted.

        Raises LlmError.
        """
        wanted, self.model = self.model, self.model or "unasked"
        client = await self._ready_client()
        self.model = wanted
        names, label = await checking.in_time(
            self._list_models(client), self._failures(), began=began
        )
        self.label = label or self.label
        chat = tuple(name for name in names if choose_model([name]))
        model = wanted or choose_model(names, label=self.label)
        if not model:
            problem = (
                f"{self.label} can be reached, but lists no model that can chat. "
                "Load one there and test again, or name one here."
            )
            return EndpointCheck(self.label, chat, model, problem)
        # One that is not listed is asked, too: some servers have more than they list.
        self.model = model
        problem = unsure = ""
        try:
            if word:
                await checking.ask_one_word(self)
        except (AuthenticationFailed, PermissionRefused):
            raise
        except ModelNotFound as error:
            problem = error.sentence
        except LlmError as error:
            unsure = error.sentence
        return EndpointCheck(self.label, chat, model, problem, unsure)

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


def check_endpoint(
    base_url: str, api_key: str = "", model: str = "", *, word: bool = True
) -> EndpointCheck:
    """Check a server by asking for its models, and one of them for a word. Raises LlmError.

    Takes 3 s for the list and 15 s for the word at most.
    Safe in any thread, whether an event loop runs there or not.
    """
    provider = LearnerEndpoint(base_url, api_key, model)

    async def check(began: float) -> EndpointCheck:
        return await provider.check(began, word=word)

    return checking.run_in_time(check, import_sdk, provider._failures())
