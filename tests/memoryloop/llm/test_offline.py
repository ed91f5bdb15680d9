"""Without a model: honest words, what the learner has, and how to connect one."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from memoryloop import llm
from memoryloop.llm import Found, limits
from memoryloop.llm.detect import clear_cache
from memoryloop.llm.offline import OfflineProvider
from memoryloop.markdown import render
from tests.memoryloop.llm.helpers import ask, make_cards, pieces
from tests.servers import OpenAIServer


@pytest.fixture(autouse=True)
def fresh(settings: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL", "OLLAMA_MODEL"):
        monkeypatch.setattr(settings, name, "")
    clear_cache()
    yield
    clear_cache()


def test_it_says_that_it_is_no_model_and_how_to_connect_one() -> None:
    text = ask(llm.offline())
    assert "No model is connected" in text
    assert "found nothing" in text
    assert "(/settings/)" in text
    assert "ollama pull" in text


def test_it_lists_what_was_found_with_links() -> None:
    found = [
        Found("card", "What is a cell?", "The smallest unit of life.", "/cards/1/", "cell"),
        Found("message", "Biology", "A cell divides by mitosis.", "/chat/1/#m", ""),
    ]
    text = "".join(asyncio.run(pieces(llm.offline(), found=found)))
    assert "not an answer" in text
    assert "### Your cards" in text
    assert "[What is a cell?](/cards/1/): The smallest unit of life. (cell)" in text
    assert "[Biology](/chat/1/#m): A cell divides by mitosis." in text
    assert "found nothing" not in text


def test_what_was_found_cannot_break_the_page() -> None:
    found = [
        Found("card", "[x](javascript:y) <b>", "`a` | $1 and $2\n\n# Head\n" * 99, "/a) (b/", "*")
    ]
    text = "".join(asyncio.run(pieces(llm.offline(), found=found)))
    html = str(render(text))
    assert html.count("<a ") == 3
    assert 'javascript:y"' not in html
    assert "<b>" not in html
    assert "<h1" not in html
    assert len(text) < 1500


def test_it_makes_no_objects() -> None:
    with pytest.raises(llm.NotAModel, match="Settings"):
        make_cards(llm.offline())


def test_it_says_who_it_is() -> None:
    provider = llm.offline()
    assert (provider.label, provider.model, provider.is_model) == ("Offline", "", False)


def test_nobody_there_is_offline(settings: object) -> None:
    assert isinstance(llm.detect(), OfflineProvider)


def test_a_running_ollama_is_found_with_its_model(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OpenAIServer(ollama=True) as server:
        monkeypatch.setattr(settings, "OLLAMA_URL", server.root)
        provider = llm.detect()
        assert (provider.label, provider.model) == ("Ollama", "llama3.2:latest")
        assert "forget" in ask(provider)


def test_the_model_of_ollama_can_be_set(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    with OpenAIServer(ollama=True) as server:
        monkeypatch.setattr(settings, "OLLAMA_URL", server.url)
        monkeypatch.setattr(settings, "OLLAMA_MODEL", "qwen3:8b")
        assert llm.detect().model == "qwen3:8b"


def test_an_ollama_without_a_model_is_offline_and_says_what_to_pull(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OpenAIServer(ollama=True) as server:
        server.models = ["nomic-embed-text:latest"]
        monkeypatch.setattr(settings, "OLLAMA_URL", server.root)
        text = ask(llm.detect())
    assert "has no model to chat with" in text


def test_another_server_at_that_address_is_found_too(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OpenAIServer() as server:
        monkeypatch.setattr(settings, "OLLAMA_URL", server.root)
        assert llm.detect().model == "local-model"


def test_what_is_configured_is_used_even_when_it_is_down(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OpenAIServer(ollama=True) as server:
        monkeypatch.setattr(settings, "OLLAMA_URL", server.root)
        monkeypatch.setattr(settings, "OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
        monkeypatch.setattr(settings, "OPENAI_MODEL", "m")
        provider = llm.detect()
        assert provider.label == "127.0.0.1:9"
        with pytest.raises(llm.Unreachable, match="Check that it is running"):
            ask(provider)


def test_a_key_of_openai_alone_means_openai(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "OPENAI_API_KEY", "sk-x")
    assert llm.detect().label == "OpenAI"


def test_the_look_for_a_server_is_remembered(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OpenAIServer(ollama=True) as server:
        monkeypatch.setattr(settings, "OLLAMA_URL", server.root)
        threads = [threading.Thread(target=llm.detect) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.requests) == 1
        monkeypatch.setattr(limits, "PROBE_KEPT_SECONDS", 0.0)
        llm.detect()
        assert len(server.requests) == 2


def test_a_server_that_accepts_and_says_nothing_is_not_waited_for(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(settings, "OLLAMA_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        assert isinstance(llm.detect(), OfflineProvider)
        assert time.monotonic() - began < 30


@pytest.mark.parametrize("url", ["ftp://x", "nonsense", "http://", "http://[::1", "file:///etc"])
def test_an_address_that_makes_no_sense_is_offline(
    settings: object, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setattr(settings, "OLLAMA_URL", url)
    assert isinstance(llm.detect(), OfflineProvider)
