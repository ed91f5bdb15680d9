"""Answers through the real SDKs, from servers on loopback that speak the real protocols."""

import asyncio
import time

import pytest

from memoryloop import llm
from memoryloop.llm import ChatMessage, transport
from tests.memoryloop.llm.helpers import CARD, QUESTION, Cards, Pair, ask, make_cards, pieces
from tests.servers import ClaudeServer


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
    # The server lingers until the test ends.
    assert time.monotonic() - began < 30


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


def test_an_answer_at_its_length_limit_says_so_when_all_of_it_has_come(pair: Pair) -> None:
    reason = "max_tokens" if isinstance(pair.server, ClaudeServer) else "length"
    pair.server.reply("One two three", stop_reason=reason)
    came: list[str] = []

    async def read() -> None:
        async for piece in pair.make().stream(system="", messages=QUESTION):
            came.append(piece)

    with pytest.raises(llm.LengthReached, match="ask to go on"):
        asyncio.run(read())
    assert "".join(came) == "One two three"
