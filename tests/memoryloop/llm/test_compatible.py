"""What is peculiar to OpenAI-compatible servers: models, formats, names, thoughts."""

import socket

import pytest

from memoryloop import llm
from memoryloop.llm import limits, transport
from memoryloop.llm.thinking import ThinkFilter
from tests.memoryloop.llm.helpers import ask, ask_until_it_fails, make_cards
from tests.servers import OpenAIServer


def test_the_first_model_that_can_chat_is_chosen(compatible: OpenAIServer) -> None:
    provider = llm.openai_compatible(compatible.url)
    ask(provider)
    assert provider.model == "local-model"
    assert provider.label == f"127.0.0.1:{compatible.port}"


def test_an_ollama_at_another_port_is_called_ollama() -> None:
    with OpenAIServer(ollama=True) as server:
        provider = llm.openai_compatible(server.root)
        ask(provider)
        assert (provider.label, provider.model) == ("Ollama", "llama3.2:latest")


def test_a_server_with_only_embedding_models_says_what_to_do() -> None:
    with OpenAIServer(ollama=True) as server:
        server.models = ["nomic-embed-text:latest", "mxbai-embed-large", "bge-m3"]
        with pytest.raises(llm.ModelNotFound, match="ollama pull"):
            ask(llm.openai_compatible(server.url, label="Ollama"))


def test_a_model_that_ollama_lacks_says_how_to_get_it() -> None:
    with OpenAIServer(ollama=True) as server, pytest.raises(llm.ModelNotFound) as caught:
        ask(llm.openai_compatible(server.url, "", "gemma9", "Ollama"))
    assert "`ollama pull gemma9`" in caught.value.sentence


@pytest.mark.parametrize(
    ("refused", "asked"),
    [
        (set(), ["json_schema"]),
        ({"json_schema"}, ["json_schema", "json_object"]),
        ({"json_schema", "json_object"}, ["json_schema", "json_object", None]),
    ],
)
def test_a_server_that_refuses_a_format_is_asked_in_a_simpler_way(
    compatible: OpenAIServer, refused: set[str], asked: list[str | None]
) -> None:
    compatible.refused_formats = refused
    provider = llm.openai_compatible(compatible.url, "", "local-model")
    assert make_cards(provider).cards
    sent = [item.json.get("response_format", {}).get("type") for item in compatible.questions()]
    assert sent == asked
    # What was refused is not tried again.
    make_cards(provider)
    assert len(compatible.questions()) == len(asked) + 1


@pytest.mark.parametrize(
    "wrapped",
    [
        "```json\n{}\n```",
        "Sure! Here are your cards:\n\n```\n{}\n```\nGood luck!",
        "<think>The learner wants {{cards}}.</think>\n\n{}",
        "Here you go: {} Anything else?",
    ],
)
def test_json_in_fences_prose_or_behind_thoughts_is_found(
    compatible: OpenAIServer, wrapped: str
) -> None:
    body = '{"cards": [{"question": "Q?", "answer": "A.", "quote": ""}]}'
    compatible.script(text=wrapped.replace("{}", body, 1))
    provider = llm.openai_compatible(compatible.url, "", "local-model")
    assert make_cards(provider).cards[0].answer == "A."
    assert len(compatible.questions()) == 1


def test_thoughts_are_kept_out_of_the_answer(compatible: OpenAIServer) -> None:
    compatible.reply("<think>\nThey ask about <think>.\n</think>\n\nThe tag `<think>` marks it.")
    provider = llm.openai_compatible(compatible.url, "", "local-model")
    assert ask(provider) == "The tag `<think>` marks it."


def test_nothing_but_thoughts_is_an_empty_answer(compatible: OpenAIServer) -> None:
    compatible.reply("<think>Where do I begin")
    with pytest.raises(llm.BadResponse):
        ask(llm.openai_compatible(compatible.url, "", "local-model"))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>a</think>b", "b"),
        ("  \n<think>a</think>\n\n<think>c</think> b", "b"),
        ("<thin ice", "<thin ice"),
        ("<th", "<th"),
        ("a <think>b</think>", "a <think>b</think>"),
        ("<think></thinkx></think>b", "b"),
        ("", ""),
    ],
)
def test_thoughts_are_found_however_the_pieces_are_cut(text: str, answer: str) -> None:
    for size in (1, 2, 3, 7, 100):
        thinking = ThinkFilter()
        came = [thinking.feed(text[at : at + size]) for at in range(0, len(text), size)]
        assert "".join(came) + thinking.close() == answer


@pytest.mark.parametrize(
    ("url", "label"),
    [
        ("http://127.0.0.1:11434", "Ollama"),
        ("http://gpu.lan:11434/v1", "Ollama"),
        ("http://localhost:1234/v1", "LM Studio"),
        ("https://api.openai.com/v1", "OpenAI"),
        ("https://openrouter.ai/api/v1", "OpenRouter"),
        ("http://localhost:8000/v1", "localhost:8000"),
        ("https://llm.example.org/v1", "llm.example.org"),
    ],
)
def test_a_server_is_called_what_people_call_it(url: str, label: str) -> None:
    assert llm.openai_compatible(url).label == label


def test_a_password_in_the_address_is_not_shown(compatible: OpenAIServer) -> None:
    url = compatible.url.replace("//", "//me:hush@")
    compatible.stop()
    with pytest.raises(llm.Unreachable) as caught:
        ask(llm.openai_compatible(url, "", "m"))
    assert "hush" not in caught.value.sentence


def test_limits_are_read_at_each_call() -> None:
    assert transport.timeout(1).connect == limits.CONNECT_SECONDS


def test_a_server_that_never_lists_its_models_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LIST_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        provider = llm.openai_compatible(f"http://127.0.0.1:{silent.getsockname()[1]}")
        came, error = ask_until_it_fails(provider)
    assert came == ""
    assert isinstance(error, llm.TimedOut)
    assert "did not answer in time" in error.sentence
