"""Answers through the real SDKs, from servers on loopback that speak the real protocols."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from memoryloop import llm
from memoryloop.llm import ChatMessage, limits, transport
from memoryloop.llm.thinking import ThinkFilter
from tests.ground.llm_helpers import CARD, QUESTION, Cards, ask, make_cards, pieces
from tests.servers import ClaudeServer, OpenAIServer
from tests.servers.core import ProviderServer


@dataclass
class Pair:
    server: ProviderServer
    make: Callable[[], llm.Provider]


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


def test_an_answer_streams_in_many_pieces(pair: Pair) -> None:
    text = "Forgetting is *useful*: “naïve” — 記憶 🧠\n\n```python\nx = 1\n```\n"
    pair.server.reply(text)
    came = asyncio.run(pieces(pair.make()))
    assert "".join(came) == text
    assert len(came) > 5
    assert all(came)


def test_an_answer_comes_as_it_is_written(pair: Pair) -> None:
    pair.server.reply("word " * 8, delay_seconds=0.05)

    async def times() -> list[float]:
        began = time.monotonic()
        provider = pair.make()
        stream = provider.stream(system="", messages=QUESTION)
        return [time.monotonic() - began async for _ in stream]

    came = asyncio.run(times())
    assert came[-1] - came[0] > 0.25


def test_one_byte_at_a_time_gives_the_same_answer(pair: Pair) -> None:
    pair.server.reply("Größe: 記憶 🧠", byte_at_a_time=True)
    assert ask(pair.make()) == "Größe: 記憶 🧠"


def test_unknown_events_are_passed_over(pair: Pair) -> None:
    pair.server.reply("All the same.", unknown_events=True)
    assert ask(pair.make()) == "All the same."


def test_the_conversation_and_the_system_prompt_are_sent(pair: Pair) -> None:
    messages = [
        ChatMessage("user", "One?"),
        ChatMessage("assistant", "Two."),
        ChatMessage("assistant", "  "),
        ChatMessage("user", "Three?"),
    ]
    ask(pair.make(), messages)
    sent = pair.server.questions()[0].json
    said = [(item["role"], item["content"]) for item in sent["messages"]]
    assert said[-3:] == [("user", "One?"), ("assistant", "Two."), ("user", "Three?")]
    assert sent.get("system") == "You teach." or said[0] == ("system", "You teach.")


def test_cancelling_the_reader_closes_the_connection(pair: Pair) -> None:
    pair.server.reply("word " * 2000, delay_seconds=0.01)

    async def cancel() -> None:
        begun = asyncio.Event()

        async def read() -> None:
            async for _ in pair.make().stream(system="", messages=QUESTION):
                begun.set()

        reader = asyncio.create_task(read())
        await begun.wait()
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        # The loop goes on: the connection is not closed by its end.
        assert await asyncio.to_thread(pair.server.questions()[0].client_left.wait, 2)

    asyncio.run(cancel())


def test_cancelling_before_the_first_word_closes_the_connection(pair: Pair) -> None:
    pair.server.script(hang_after=0)

    async def cancel() -> None:
        reader = asyncio.create_task(pieces(pair.make()))
        while not pair.server.questions():
            await asyncio.sleep(0.01)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        assert await asyncio.to_thread(pair.server.questions()[0].client_left.wait, 2)

    asyncio.run(cancel())


def test_a_reader_that_stops_early_closes_the_connection(pair: Pair) -> None:
    pair.server.reply("word " * 2000, delay_seconds=0.01)

    async def stop() -> None:
        async for _ in pair.make().stream(system="", messages=QUESTION):
            break
        assert await asyncio.to_thread(pair.server.questions()[0].client_left.wait, 2)

    asyncio.run(stop())


def test_cancelling_a_structured_call_closes_the_connection(pair: Pair) -> None:
    pair.server.script(hang_after=0)

    async def cancel() -> None:
        call = pair.make().structured(system="", prompt="x", schema=Cards, max_tokens=100)
        asker = asyncio.ensure_future(call)
        while not pair.server.questions():
            await asyncio.sleep(0.01)
        asker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asker
        assert await asyncio.to_thread(pair.server.questions()[0].client_left.wait, 2)

    asyncio.run(cancel())


def test_two_hundred_answers_stream_at_once(pair: Pair) -> None:
    pair.server.default(text="A short answer for everybody.", delay_seconds=0.02)

    async def all_at_once() -> list[list[str]]:
        return await asyncio.gather(*(pieces(pair.make()) for _ in range(200)))

    answers = asyncio.run(all_at_once())
    assert {"".join(answer) for answer in answers} == {"A short answer for everybody."}
    assert len(pair.server.questions()) == 200


def test_the_clients_are_closed_with_their_loop(pair: Pair) -> None:
    ask(pair.make())
    ask(pair.make())
    assert all(not kept for loop, kept in transport._kept.items() if loop.is_closed())


def test_a_server_that_lingers_after_the_end_does_not_hold_up_the_answer(pair: Pair) -> None:
    body = (
        b'event: content_block_delta\ndata: {"type": "content_block_delta", "index": 0, '
        b'"delta": {"type": "text_delta", "text": "Done."}, '
        b'"choices": [{"index": 0, "delta": {"content": "Done."}}]}\n\n'
        b'event: message_stop\ndata: {"type": "message_stop", '
        b'"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'
    )
    kind = {"Content-Type": "text/event-stream"}
    pair.server.script(body=body + b": more\n\n", headers=kind, hang_after=len(body))
    began = time.monotonic()
    assert ask(pair.make()) == "Done."
    assert time.monotonic() - began < 3


# Objects


def test_an_object_is_made_of_the_text(pair: Pair) -> None:
    text = "A cell is the smallest unit of life. The mitochondrion is where a cell makes energy."
    made = make_cards(pair.make(), f"<source>{text}</source>")
    assert made.cards
    assert all(card.quote in text for card in made.cards)


def test_what_does_not_validate_is_asked_again_with_the_error(pair: Pair) -> None:
    pair.server.script(structured={"cards": [{"question": "", "answer": "x", "quote": ""}]})
    pair.server.script(structured={"cards": [CARD]})
    assert make_cards(pair.make()).cards[0].answer == CARD["answer"]
    second = pair.server.questions()[1].json["messages"]
    assert second[-1]["role"] == "user"
    assert "cards.0.question" in second[-1]["content"]
    assert second[-2]["role"] == "assistant"


@pytest.mark.parametrize(
    "wrong",
    [
        "I would rather tell you a story about cells.",
        '{"cards": [{"question": "What',
        {"cards": []},
        {"cards": "none"},
        {"other": 1},
        {"cards": [CARD, {"question": "No answer?"}]},
        {"cards": [CARD] * 500},
        "",
    ],
)
def test_what_is_wrong_twice_is_a_bad_response_and_never_half_a_set(
    pair: Pair, wrong: object
) -> None:
    pair.server.default(structured=wrong)
    with pytest.raises(llm.BadResponse) as caught:
        make_cards(pair.make())
    assert "twice" in caught.value.sentence
    assert len(pair.server.questions()) == 2


def test_an_object_that_was_cut_off_is_not_taken_though_it_validates(pair: Pair) -> None:
    reason = "max_tokens" if isinstance(pair.server, ClaudeServer) else "length"
    pair.server.script(structured={"cards": [CARD]}, stop_reason=reason)
    pair.server.script(structured={"cards": [CARD, CARD]})
    assert len(make_cards(pair.make()).cards) == 2


def test_text_with_scripts_comes_through_unchanged(pair: Pair) -> None:
    # Making it harmless is the business of whoever turns it into HTML.
    pair.server.script(html=True)
    assert "<script>" in make_cards(pair.make()).cards[0].question


# Claude


def test_claude_is_asked_for_an_object_with_a_forced_tool(claude: ClaudeServer) -> None:
    make_cards(llm.claude("sk-ant-key"))
    sent = claude.questions()[0].json
    assert sent["tool_choice"] == {"type": "tool", "name": "give_answer"}
    item = sent["tools"][0]["input_schema"]["properties"]["cards"]["items"]
    assert item["required"] == ["question", "answer", "quote"]
    assert item["additionalProperties"] is False


def test_a_claude_that_refuses_forced_tools_is_given_the_schema(claude: ClaudeServer) -> None:
    claude.refuses_forced_tools = True
    provider = llm.claude("sk-ant-key")
    assert make_cards(provider).cards
    assert make_cards(provider).cards
    sent = [question.json for question in claude.questions()]
    assert ["tools" in item for item in sent] == [True, False, False]
    assert sent[1]["output_config"]["format"]["type"] == "json_schema"


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
    assert [request.path for request in claude.requests] == ["/v1/models"]


def test_a_refused_key_fails_the_check(claude: ClaudeServer) -> None:
    with pytest.raises(llm.AuthenticationFailed) as caught:
        llm.check_claude_key("sk-ant-refused")
    assert "sk-ant-refused" not in repr(caught.value)


@pytest.mark.parametrize("key", ["", "hello", "sk-proj-x", "sk-ant-ü", "sk-ant-a\nb", "Sk-Ant-x"])
def test_a_key_of_the_wrong_shape_is_not_even_sent(claude: ClaudeServer, key: str) -> None:
    with pytest.raises(llm.AuthenticationFailed, match="sk-ant-"):
        llm.check_claude_key(key)
    assert not claude.requests


def test_the_check_of_a_key_ends_within_three_seconds(claude: ClaudeServer) -> None:
    llm.check_claude_key("sk-ant-warm")
    claude.script_models(hang_after=0)
    began = time.monotonic()
    with pytest.raises(llm.TimedOut):
        llm.check_claude_key("sk-ant-good")
    assert time.monotonic() - began < 3.2


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


# OpenAI-compatible servers


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
