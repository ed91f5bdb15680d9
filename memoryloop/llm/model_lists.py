"""Model lists: the models that a server of OpenAI's protocol says it has."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from memoryloop.llm import limits, windows
from memoryloop.llm.base import ModelNotFound
from memoryloop.llm.failures import Failures
from memoryloop.llm.windows import Facts

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_kept: dict[tuple[str, str], tuple[float, "list[ListedModel]"]] = {}


@dataclass(frozen=True)
class ListedModel:
    """A model that a server says it has."""

    name: str
    owner: str = ""
    facts: Facts = field(default_factory=Facts)


async def models(
    client: "AsyncOpenAI", url: str, key: str, failures: Failures, *, setting: str
) -> list[ListedModel]:
    """Return the models that the server lists, kept for a while. Raises LlmError.

    `setting` is where a model is named instead.
    """
    kept = _kept.get((url, key))
    if kept and time.monotonic() - kept[0] < limits.PROBE_KEPT_SECONDS:
        return kept[1]
    try:
        async with asyncio.timeout(limits.LIST_SECONDS):
            page = await client.models.list()
        listed = [
            ListedModel(
                str(item.id),
                str(getattr(item, "owned_by", "") or ""),
                windows.listed_facts(item.to_dict()),
            )
            for item in page.data or []
        ]
    except TimeoutError:
        raise failures.timed_out(answering=False) from None
    except Exception as error:
        if getattr(error, "status_code", None) == 404:
            raise ModelNotFound(
                f"{failures.label} does not say which models it has. Name one in {setting}."
            ) from None
        raise failures.from_sdk(error, answering=False) from None
    if listed:
        _kept[url, key] = (time.monotonic(), listed)
    return listed
