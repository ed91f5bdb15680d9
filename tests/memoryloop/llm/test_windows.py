"""How much a model takes at a server: what each kind of server tells, and what is sent then."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memoryloop import llm
from memoryloop.llm import ChatMessage, windows
from memoryloop.llm.base import RequestTooLong
from memoryloop.llm.tokens import (
    cut_to_tokens,
    end_of,
    estimate_tokens,
    middle_left_out,
    most_tokens,
)
from tests.memoryloop.llm.helpers import QUESTION, Cards, ask, ask_until_it_fails, make_cards
from tests.servers import OpenAIServer
from tests.servers.core import Recorded

LLAMA = "llama3.2:latest"


def window_of(provider: llm.Provider) -> int | None:
    return asyncio.run(provider.window())


# What servers tell


@pytest.mark.parametrize(
    ("listing", "pages", "window"),
    [
        ({"max_model_len": 4096}, {}, 4096),
        ({"context_length": 8192}, {}, 8192),
        # OpenRouter: the provider that a model goes to has less than the model.
        (
            {"context_length": 131072, "top_provider": {"context_length": 32768}},
            {},
            32768,
        ),
        ({"context_window": 131072}, {}, 131072),
        ({"max_context_length": 32768}, {}, 32768),
        # llama.cpp lists what the model was trained with, and tells what it runs with.
        (
            {"meta": {"n_ctx_train": 131072}},
            {"/props": {"default_generation_settings": {"n_ctx": 4096}}},
            4096,
        ),
        # LM Studio, with the model loaded and not.
        (
            {},
            {
                "/api/v0/models": {
                    "data": [
                        {"id": "other", "loaded_context_length": 2048},
                        {
                            "id": "local-model",
                            "state": "loaded",
                            "max_context_length": 131072,
                            "loaded_context_length": 8192,
                        },
                    ]
                }
            },
            8192,
        ),
        (
            {},
            {"/api/v0/models": {"data": [{"id": "local-model", "max_context_length": 131072}]}},
            windows.LM_STUDIO_WINDOW,
        ),
        ({}, {}, None),
        # Nonsense is not taken for a size.
        ({"max_model_len": None, "context_length": "8192", "context_window": True}, {}, None),
        ({"context_length": 0, "top_provider": None, "meta": []}, {}, None),
        ({}, {"/api/version": {"version": 1}, "/props": {"default_generation_settings": 4}}, None),
        ({}, {"/api/version": ["1"], "/api/v0/models": {"data": {"id": 1}}, "/props": "no"}, None),
    ],
)
def test_the_window_is_what_the_server_tells(
    compatible: OpenAIServer, listing: dict[str, Any], pages: dict[str, Any], window: int | None
) -> None:
    compatible.listing, compatible.pages = listing, pages
    provider = llm.openai_compatible(compatible.url, "", "local-model")
    assert window_of(provider) == window
    asked = len(compatible.requests)
    assert window_of(llm.openai_compatible(compatible.url, "", "local-model")) == window
    # What was told is kept for a while.
    assert len(compatible.requests) == asked


@pytest.mark.parametrize(
    ("told", "setting", "window"),
    [(None, 6000, 6000), (8192, 6000, 6000), (8192, 100_000, 8192), (8192, 0, 8192)],
)
def test_the_setting_counts_where_the_server_tells_nothing_or_more(
    compatible: OpenAIServer, told: int | None, setting: int, window: int
) -> None:
    compatible.listing = {"max_model_len": told}
    provider = llm.openai_compatible(compatible.url, "", "local-model", context_length=setting)
    assert window_of(provider) == window


def test_a_server_that_is_down_tells_nothing(compatible: OpenAIServer) -> None:
    compatible.stop()
    assert window_of(llm.openai_compatible(compatible.url, "", "local-model")) is None
    assert window_of(llm.openai_compatible(compatible.url)) is None


def test_two_hundred_who_want_it_at_once_ask_once(compatible: OpenAIServer) -> None:
    compatible.listing = {"max_model_len": 4096}

    async def all_at_once() -> list[int | None]:
        providers = [llm.openai_compatible(compatible.url, "", "local-model") for _ in range(200)]
        return await asyncio.gather(*(provider.window() for provider in providers))

    assert set(asyncio.run(all_at_once())) == {4096}
    assert len(compatible.requests) == 1


# Ollama


@pytest.mark.parametrize(
    ("shown", "setting", "window"),
    [
        ({"llama.context_length": 131072}, 0, windows.OLLAMA_WINDOW),
        ({"llama.context_length": 2048}, 0, 2048),
        ({"llama.context_length": 131072}, 32768, 32768),
        ({"llama.context_length": 8192}, 32768, 8192),
        ({}, 0, windows.OLLAMA_WINDOW),
    ],
)
def test_ollama_is_asked_with_the_window_that_what_is_sent_fits_in(
    shown: dict[str, int], setting: int, window: int
) -> None:
    with OpenAIServer(ollama=True) as server:
        server.shown["model_info"] = {"general.architecture": "llama", **shown}
        provider = llm.openai_compatible(server.root, "", LLAMA, "Ollama", context_length=setting)
        assert ask(provider)
        assert make_cards(provider).cards
        assert window_of(provider) == window
        chat, cards = server.questions()
        assert {chat.path, cards.path} == {"/api/chat"}
        assert chat.json["options"]["num_ctx"] == cards.json["options"]["num_ctx"] == window
        assert cards.json["format"]["required"] == ["cards"]
        assert [item["role"] for item in chat.json["messages"]] == ["system", "user"]
        assert not server.cut_silently


def test_a_window_in_the_models_own_file_is_kept() -> None:
    with OpenAIServer(ollama=True) as server:
        server.shown["parameters"] = 'stop "<|eot_id|>"\nnum_ctx                 16384'
        assert window_of(llm.openai_compatible(server.root, "", LLAMA, "Ollama")) == 16384


def test_an_ollama_behind_an_address_without_its_name_is_found() -> None:
    with OpenAIServer(ollama=True) as server:
        provider = llm.openai_compatible(server.url, "", LLAMA)
        assert window_of(provider) == windows.OLLAMA_WINDOW
        ask(provider)
        assert server.questions()[0].path == "/api/chat"


def test_a_server_that_only_calls_itself_ollama_is_asked_as_others_are(
    compatible: OpenAIServer,
) -> None:
    ask(llm.openai_compatible(compatible.url, "", "local-model", "Ollama"))
    assert compatible.questions()[0].path == "/v1/chat/completions"


def test_a_thinking_model_does_not_think_about_objects() -> None:
    with OpenAIServer(ollama=True) as server:
        server.shown["capabilities"] = ["completion", "thinking"]
        provider = llm.openai_compatible(server.root, "", "qwen3:8b", "Ollama")
        ask(provider)
        make_cards(provider)
        chat, cards = server.questions()
        assert "think" not in chat.json
        assert cards.json["think"] is False


@pytest.mark.parametrize("refusal", [(400, "invalid format"), (500, "failed to load grammar")])
def test_an_ollama_that_cannot_hold_to_a_schema_is_asked_in_words(
    refusal: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memoryloop.llm.limits.RETRY_SECONDS", 0.01)
    with OpenAIServer(ollama=True) as server:
        server.refused_formats, server.format_refusal = {"json_schema"}, refusal
        provider = llm.openai_compatible(server.root, "", LLAMA, "Ollama")
        assert make_cards(provider).cards
        assert server.questions()[-1].json["format"] == "json"


def test_what_goes_wrong_at_ollama_is_told_in_the_same_words() -> None:
    with OpenAIServer(ollama=True) as server:
        provider = llm.openai_compatible(server.root, "", LLAMA, "Ollama")
        server.reply("word " * 10, error={"message": "the model runner stopped"})
        came, error = ask_until_it_fails(provider)
        assert came == "word word "
        assert isinstance(error, llm.Overloaded)
        server.script(body={"message": {"content": "No end."}, "done": False})
        came, error = ask_until_it_fails(provider)
        assert (came, type(error)) == ("No end.", llm.BrokenOff)
        gone = llm.openai_compatible(server.root, "", "gemma9", "Ollama")
        _, error = ask_until_it_fails(gone)
        assert isinstance(error, llm.ModelNotFound)
        assert "`ollama pull gemma9`" in error.sentence


# What is sent


def long_prompt(tokens: int) -> str:
    return "<text>\n" + "A cell is the smallest unit of life. " * (tokens // 9) + "\n</text>"


def limit_of(request: Recorded) -> int:
    asked = request.json
    return int(asked.get("max_tokens") or asked["options"]["num_predict"])


@pytest.mark.parametrize("window", [4096, 8192])
@pytest.mark.parametrize("manner", ["told", "refused", "ollama"])
def test_the_answer_gets_the_room_that_is_left(window: int, manner: str) -> None:
    with OpenAIServer(ollama=manner == "ollama") as server:
        model = LLAMA if server.ollama else "local-model"
        provider = llm.openai_compatible(server.url, "", model, context_length=0)
        if manner == "ollama":
            server.shown["model_info"] = {"llama.context_length": window}
        else:
            server.window = window
        if manner == "told":
            server.listing = {"max_model_len": window}
        if manner != "refused":
            assert window_of(provider) == window
        assert ask(provider)
        assert make_cards(provider, long_prompt(window // 3)).cards
        assert make_cards(provider, long_prompt(window // 3)).cards
        assert window_of(provider) == window
        last = server.questions()[-1]
        assert last.json.get("options", {"num_ctx": window})["num_ctx"] == window
        assert 256 <= limit_of(last) < window * 2 // 3
        assert not server.cut_silently
        if manner == "refused":
            # It was told once, by the refusal.
            assert len(server.questions()) == 4


@pytest.mark.parametrize("ollama", [False, True])
def test_what_cannot_fit_is_not_sent(ollama: bool) -> None:
    with OpenAIServer(ollama=ollama) as server:
        server.window, server.listing = 4096, {"max_model_len": 4096}
        server.shown["model_info"] = {"llama.context_length": 4096}
        model = LLAMA if ollama else "local-model"
        provider = llm.openai_compatible(server.url, "", model)
        window_of(provider)
        with pytest.raises(llm.RequestTooLong):
            make_cards(provider, long_prompt(20_000))
        _, error = ask_until_it_fails_with(provider, long_prompt(20_000))
        assert isinstance(error, llm.RequestTooLong)
        assert not server.questions()


def ask_until_it_fails_with(provider: llm.Provider, words: str) -> tuple[str, Exception]:
    try:
        return ask(provider, [ChatMessage("user", words)]), AssertionError("no error")
    except llm.LlmError as error:
        return "", error


def test_a_text_with_more_tokens_than_most_teaches_a_smaller_window(
    compatible: OpenAIServer,
) -> None:
    compatible.window, compatible.listing = 4096, {"max_model_len": 4096}
    provider = llm.openai_compatible(compatible.url, "", "local-model")
    window_of(provider)
    message = "This model's maximum context length is 4096 tokens. However, you requested 5000."
    compatible.script(status=400, body={"error": {"message": message}})
    assert ask(provider, QUESTION)
    assert window_of(provider) == 3072
    first, second = compatible.questions()
    assert limit_of(second) < limit_of(first)


def test_the_longest_answer_of_a_model_is_kept_to(compatible: OpenAIServer) -> None:
    compatible.listing = {"context_length": 65536, "top_provider": {"max_completion_tokens": 1000}}
    provider = llm.openai_compatible(compatible.url, "", "local-model")
    window_of(provider)
    ask(provider)
    assert limit_of(compatible.questions()[0]) == 1000


def test_a_correction_fits_as_well(compatible: OpenAIServer) -> None:
    compatible.window, compatible.listing = 4096, {"max_model_len": 4096}
    provider = llm.openai_compatible(compatible.url, "", "local-model")
    window_of(provider)
    compatible.script(structured="I would rather tell you a story. " * 150)
    assert make_cards(provider, long_prompt(1500)).cards
    assert len(compatible.questions()[-1].json["messages"]) == 2


@pytest.mark.parametrize(
    ("said", "sent", "window", "learned"),
    [
        ("This model's maximum context length is 8192 tokens. However, you", 9000, None, 8192),
        (
            "request (5000 tokens) exceeds the available context size (4096 tokens)",
            9000,
            None,
            4096,
        ),
        ("the model is loaded with context length of only 4096 tokens", 9000, None, 4096),
        ("exceeds context window of 2,048 tokens", 9000, None, 2048),
        ("prompt is too long: 210000 tokens > 200000 maximum", 9000, None, None),
        ("context length exceeded", 9000, None, None),
        ("context length exceeded", 4000, 4096, 3000),
    ],
)
def test_a_refusal_teaches_the_window_that_it_names(
    said: str, sent: int, window: int | None, learned: int | None
) -> None:
    refusal = RequestTooLong("Too long.")
    refusal.said = said
    where = windows.Where.of("http://127.0.0.1:1/v1", said, "")
    assert windows.learn(where, refusal, sent=sent, window=window) is (learned is not None)
    assert windows.window(where, windows.Facts(), 0) == learned


# Texts


@given(text=st.text(max_size=600), tokens=st.integers(min_value=12, max_value=200))
def test_cut_texts_take_no_more_than_they_may_and_are_of_the_text(text: str, tokens: int) -> None:
    for cut in (cut_to_tokens, middle_left_out, end_of):
        kept = cut(text, tokens)
        assert estimate_tokens(kept) <= tokens
        kept.encode()
        if estimate_tokens(text) <= tokens:
            assert kept == text
    head, mark, tail = middle_left_out(text, tokens).partition("\n\n[…]\n\n")
    assert text.startswith(head)
    assert not mark or text.endswith(tail)
    assert text.endswith(end_of(text, tokens))
    assert most_tokens([text]) >= estimate_tokens(text)


def test_objects_of_a_schema_fit_into_the_smallest_window(compatible: OpenAIServer) -> None:
    compatible.window, compatible.listing = 1024, {"max_model_len": 1024}
    provider = llm.openai_compatible(compatible.url, "", "local-model")
    window_of(provider)
    made = asyncio.run(provider.structured(system="", prompt="Cells live.", schema=Cards))
    assert made.cards
