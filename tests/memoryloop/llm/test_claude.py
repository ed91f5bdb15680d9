"""What is Claude's own: the model, the learner's key and its check."""

import asyncio
import time

import pytest

from memoryloop import llm
from tests.memoryloop.llm.helpers import ask
from tests.servers import ClaudeServer


def test_claudes_model_can_be_chosen(claude: ClaudeServer) -> None:
    provider = llm.claude("sk-ant-key", model="claude-haiku-4-5")
    ask(provider)
    assert provider.model == claude.questions()[0].json["model"] == "claude-haiku-4-5"
    assert (provider.label, provider.is_model) == ("Claude", True)


def test_claude_without_a_key_takes_none_from_the_environment(
    claude: ClaudeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-of-the-administrator")
    ask(llm.claude(""))
    assert claude.questions()[0].key == "missing"


@pytest.mark.parametrize("key", ["sk-ant-a\nX-Other: b", "sk-ant-\0"])
def test_a_key_that_cannot_be_sent_is_told_plainly(claude: ClaudeServer, key: str) -> None:
    with pytest.raises(llm.AuthenticationFailed) as caught:
        ask(llm.claude(key))
    assert key not in repr(caught.value)
    assert not claude.questions()


def test_a_good_key_passes_the_check(claude: ClaudeServer) -> None:
    llm.check_claude_key("sk-ant-good")
    assert [request.path for request in claude.requests] == ["/v1/models", "/v1/messages"]
    (question,) = claude.questions()
    assert "one word" in question.json["messages"][0]["content"]


def test_a_refused_key_fails_the_check(claude: ClaudeServer) -> None:
    with pytest.raises(llm.AuthenticationFailed) as caught:
        llm.check_claude_key("sk-ant-refused")
    assert "sk-ant-refused" not in repr(caught.value)


@pytest.mark.parametrize("key", ["", "hello", "sk-proj-x", "sk-ant-ü", "sk-ant-a\nb", "Sk-Ant-x"])
def test_a_key_of_the_wrong_shape_is_not_even_sent(claude: ClaudeServer, key: str) -> None:
    with pytest.raises(llm.AuthenticationFailed, match="sk-ant-"):
        llm.check_claude_key(key)
    assert not claude.requests


def test_the_check_of_a_key_does_not_wait_long(claude: ClaudeServer) -> None:
    llm.check_claude_key("sk-ant-warm")
    claude.script_models(hang_after=0)
    began = time.monotonic()
    with pytest.raises(llm.TimedOut):
        llm.check_claude_key("sk-ant-good")
    # Claude says nothing for as long as it is asked.
    assert time.monotonic() - began < 30


def test_the_check_of_a_key_works_inside_a_running_loop(claude: ClaudeServer) -> None:
    async def inside() -> None:
        llm.check_claude_key("sk-ant-good")

    asyncio.run(inside())


@pytest.mark.parametrize(
    ("how", "kind"), [({"status": 529}, llm.Overloaded), ({"cut_after": 0}, llm.Unreachable)]
)
def test_the_check_of_a_key_tells_trouble_from_a_bad_key(
    claude: ClaudeServer, how: dict[str, int], kind: type[llm.LlmError]
) -> None:
    claude.script_models(**how)
    with pytest.raises(kind):
        llm.check_claude_key("sk-ant-good")
