"""Lists in all the ways in which models give them: what came whole is kept, the rest is counted."""

import json
import time
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from memoryloop.llm import loose_json
from memoryloop.llm.partial import PartialList, read_list


class Item(BaseModel):
    kind: Literal["basic", "cloze"] = "basic"
    question: str = Field(min_length=1)
    answer: str = ""


class Items(PartialList):
    deck: str = ""
    cards: list[Item]


ONE = {"kind": "basic", "question": "What is a cell?", "answer": "The unit of life"}
TWO = {"kind": "cloze", "question": 'A {{c1::"brace"}} [in] it', "answer": ""}
THREE = {"kind": "basic", "question": "Three?", "answer": "Drei: {a, b}\n- ja"}
ALL = [ONE, TWO, THREE]
WHOLE = json.dumps({"cards": ALL})
BARE = json.dumps(ALL)
PRETTY = json.dumps({"deck": "Cells", "cards": ALL}, indent=2, ensure_ascii=False)
BAD_KIND = {**ONE, "kind": "essay"}
BLANK = {**ONE, "question": ""}
LINES = "\n".join(json.dumps(each) for each in ALL)

WAYS: list[tuple[str, object, int, int]] = [
    # name, answer, how many are read, how many are not
    ("an object, as a tool's input", {"cards": ALL}, 3, 0),
    ("an object, as text", WHOLE, 3, 0),
    ("indented, with fields beside it", PRETTY, 3, 0),
    ("a bare list", BARE, 3, 0),
    ("a bare list, as a value", ALL, 3, 0),
    ("one item alone", json.dumps(ONE), 1, 0),
    ("one item in place of the list", {"cards": ONE}, 1, 0),
    ("one item a line", LINES, 3, 0),
    ("one item a line, with commas", LINES.replace("}\n", "},\n"), 3, 0),
    ("the list as a string", {"cards": BARE}, 3, 0),
    ("the list as a string of a string", {"cards": json.dumps(BARE)}, 3, 0),
    ("the object in a string in the object", {"cards": WHOLE}, 3, 0),
    ("items as strings", {"cards": [json.dumps(each) for each in ALL]}, 3, 0),
    ("a list in a list", {"cards": [ALL]}, 3, 0),
    ("a list of lists", json.dumps([[ONE], [TWO, THREE]]), 3, 0),
    ("wrapped in an answer", {"answer": {"cards": ALL}}, 3, 0),
    ("under another name", json.dumps({"flashcards": ALL}), 3, 0),
    ("by section", {"first": {"cards": [ONE]}, "second": {"cards": [TWO, THREE]}}, 3, 0),
    ("fenced", f"```json\n{PRETTY}\n```", 3, 0),
    ("fenced, with prose around it", f"Here you are [1]:\n\n```\n{WHOLE}\n```\nGood luck!", 3, 0),
    ("two fences", f"```json\n{json.dumps(ONE)}\n```\nand\n```json\n{json.dumps(TWO)}\n```", 2, 0),
    ("prose around it", f"Sure! {WHOLE} Would you like more {{c1::gaps}}?", 3, 0),
    ("prose with braces before it", f"I use {{{{c1::gaps}}}} (see [1]). {WHOLE}", 3, 0),
    ("after thinking", f'<think>{{"cards": [{{"question": "No"</think>{WHOLE}', 3, 0),
    ("commas too many", WHOLE.replace("}]", "},]").replace('"}, ', '",}, ,'), 3, 0),
    ("commas between items missing", WHOLE.replace("}, {", "}\n{"), 3, 0),
    ("single quotes", str({"cards": [ONE, THREE]}), 2, 0),
    ("names without quotes", WHOLE.replace('"question"', "question"), 3, 0),
    ("curly quotes", '{“cards”: [{“question”: “What?”, “answer”: “It”}]}', 1, 0),
    ("comments", WHOLE.replace("[", "[ // the cards\n /* one */ ", 1), 3, 0),
    ("Python's words", WHOLE[:-2] + ', {"question": "A?", "answer": "b", "hard": True}]}', 4, 0),
    ("quotes that are not escaped", '{"cards": [{"question": "What is "it", then?"}]}', 1, 0),
    ("LaTeX that is not escaped", r'{"cards": [{"question": "What is \(x\)?"}]}', 1, 0),
    ("lines in a string", '{"cards": [{"question": "One\ntwo?"}]}', 1, 0),
    ("an unknown kind", {"cards": [ONE, BAD_KIND, TWO]}, 2, 1),
    ("a blank question", json.dumps([BLANK, ONE, TWO]), 2, 1),
    ("a string among the items", {"cards": [ONE, "That is all!", TWO]}, 2, 1),
    ("null among the items", {"cards": [ONE, None]}, 1, 1),
    ("a field of another type", {"cards": [ONE, {**ONE, "answer": {"a": 1}}]}, 1, 1),
    ("an item that is no JSON", WHOLE.replace('"cloze",', '"cloze", oh no!'), 2, 1),
    ("a field about the whole of another type", {"deck": ["a"], "cards": ALL}, 3, 0),
    ("nothing to ask", {"cards": []}, 0, 0),
]  # fmt: skip


@pytest.mark.parametrize(("said", "count", "unread"), [way[1:] for way in WAYS],
                         ids=[way[0] for way in WAYS])  # fmt: skip
def test_a_list_is_read_however_it_is_given(said: object, count: int, unread: int) -> None:
    made = read_list(said, Items, is_cut_off=False)

    assert made is not None
    assert (len(made.cards), made.unread, made.is_cut_off) == (count, unread, False)
    if count == 3:
        assert [each.model_dump() for each in made.cards] == ALL


@pytest.mark.parametrize(
    "said",
    ["", "I would rather not.", "[1, 2]", "{}", '{"cards": null}', '{"cards": [', "[[[[", "{{{{",
     {"cards": "none"}, {"cards": [BLANK]}, json.dumps([BAD_KIND]), None, 7],
)  # fmt: skip
def test_what_holds_no_item_is_none(said: object) -> None:
    assert read_list(said, Items, is_cut_off=False) is None


def test_fields_beside_the_list_are_read() -> None:
    made = read_list(PRETTY, Items, is_cut_off=False)
    assert made is not None
    assert made.deck == "Cells"


@pytest.mark.parametrize("said", [WHOLE, BARE, PRETTY, LINES, f"Well:\n```json\n{PRETTY}"])
def test_wherever_it_is_cut_off_the_items_before_it_are_kept(said: str) -> None:
    for end in range(len(said)):
        made = read_list(said[:end], Items, is_cut_off=False)
        kept = [each.model_dump() for each in made.cards] if made else []
        assert kept == ALL[: len(kept)]
        # An item counts as soon as its brace is closed, and none is made up.
        closed = sum(said[:end].count(json.dumps(each)[-8:]) > 0 for each in ALL)
        assert len(kept) <= 3
        if said is not PRETTY and "```" not in said:
            assert len(kept) == closed
        assert made is None or made.unread == 0


@given(st.data())
def test_an_answer_that_is_damaged_anywhere_loses_one_item_at_most(data: Any) -> None:
    at = data.draw(st.integers(WHOLE.index("[") + 1, len(WHOLE) - 3))
    sign = data.draw(st.sampled_from(["x", ",", "\\", "\n", ":"]))
    made = read_list(WHOLE[:at] + sign + WHOLE[at:], Items, is_cut_off=False)
    assert made is not None
    assert len(made.cards) >= 2


@given(st.text(alphabet="{}[]\",:\\cards question`\n/*'“1", max_size=300))
def test_no_text_is_too_strange(text: str) -> None:
    read_list(text, Items, is_cut_off=False)


@pytest.mark.parametrize(
    "piece",
    ['{"cards": [', "[", "{", '{"question": "a', '"', "{“", "/*", "\\", '{"a": "b" x}', "[{x},"],
)
def test_hostile_text_costs_in_proportion_to_its_length(piece: str) -> None:
    def seconds(times: int) -> float:
        begun = time.process_time()
        loose_json.values(piece * times)
        return time.process_time() - begun

    small = max(seconds(8_000 // len(piece)), 0.005)
    # The least of some: other programs may be at work.
    assert min(seconds(32_000 // len(piece)) for _ in range(3)) < 8 * small
