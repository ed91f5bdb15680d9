"""Server-sent events from bytes that are cut anywhere."""

import pytest

from memoryloop.llm.events import Decoder, Event


def read(data: bytes, size: int) -> list[Event]:
    decoder = Decoder()
    pieces = (data[start : start + size] for start in range(0, len(data), size))
    return [event for piece in pieces for event in decoder.feed(piece)]


@pytest.mark.parametrize("size", [1, 2, 7, 1_000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_events_are_the_same_however_they_are_cut(size: int, end: bytes) -> None:
    head = (b": hello", b"", b"event: one", b'data: {"a":')
    lines = (*head, 'data: "é"}'.encode(), b"", b"data:[1]", b"", b"")

    assert read(end.join(lines), size) == [Event("one", {"a": "é"}), Event("", [1])]


def test_the_end_that_is_said_is_told_and_what_is_cut_off_is_not() -> None:
    events = read(b'data: [DONE]\n\nevent: ping\n\ndata: {"half', 5)

    assert events == [Event("", None, done=True)]


def test_half_an_emoji_is_read_as_json_has_it() -> None:
    assert read(b'data: "\\ud83d"\n\n', 3) == [Event("", "\ud83d")]


def test_what_is_no_json_is_said_to_be_none() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        read(b"data: <html>\n\n", 100)


def test_many_small_pieces_of_one_large_event_take_no_longer_for_it() -> None:
    # A search from the beginning at each piece would look at 20 GB.
    text = b"x" * 200_000
    assert read(b'data: "' + text + b'"\n\n', 1)[0].data == text.decode()
