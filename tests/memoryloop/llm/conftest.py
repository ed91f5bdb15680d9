"""Providers with a server behind them, for the tests of the SDKs."""

from collections.abc import Iterator

import pytest

from memoryloop import llm
from tests.memoryloop.llm.helpers import Pair
from tests.servers import ClaudeServer, OpenAIServer


@pytest.fixture
def claude(settings: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClaudeServer]:
    with ClaudeServer() as server:
        monkeypatch.setattr(settings, "ANTHROPIC_BASE_URL", server.url)
        yield server


@pytest.fixture
def compatible() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture(params=["claude", "compatible"])
def pair(request: pytest.FixtureRequest) -> Pair:
    server = request.getfixturevalue(request.param)
    if request.param == "claude":
        return Pair(server, lambda: llm.claude("sk-ant-key"))
    return Pair(server, lambda: llm.openai_compatible(server.url, "", "local-model"))
