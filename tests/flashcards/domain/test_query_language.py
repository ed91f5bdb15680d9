"""The search language: parse, print, parse again; and errors that point at the place."""

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flashcards.domain.query import syntax
from flashcards.domain.query.parser import KEYS, parse
from flashcards.domain.query.syntax import (
    And,
    BadQuery,
    CardStatus,
    Compared,
    Dates,
    Everything,
    Flagged,
    InDeck,
    Introduced,
    Is,
    Meaning,
    Moment,
    Node,
    Not,
    Or,
    Property,
    Rated,
    Returned,
    Tagged,
    Text,
    Within,
    Word,
)

# What is typed: no character without meaning in a text, and something to see.
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
    lambda text: bool(text.strip())
)


def bare(text: str) -> bool:
    return text[0] != "-"


numbers = st.one_of(
    st.integers(-1000, 1000).map(float),
    st.floats(-1000, 1000, allow_nan=False).map(lambda number: round(number, 3) + 0.0),
)
dates = st.lists(st.dates(date(2, 1, 1), date(9998, 12, 31)), min_size=2, max_size=2).map(sorted)
days: st.SearchStrategy[syntax.Days] = st.one_of(
    st.integers(1, 36_525), dates.map(lambda pair: Dates(*pair))
)
leaves: st.SearchStrategy[Node] = st.one_of(
    st.builds(Text, words),
    st.builds(Word, st.text("aß光Q-?.*/", min_size=1, max_size=6).filter(bare)),
    st.builds(Meaning, words),
    st.builds(InDeck, words),
    st.builds(Tagged, words),
    st.builds(Is, st.sampled_from(CardStatus)),
    st.builds(Compared, st.sampled_from(Property), st.sampled_from(syntax.OPERATORS), numbers),
    st.builds(Within, st.sampled_from(Moment), days),
    st.builds(Introduced, days),
    st.builds(Rated, days, st.none() | st.integers(1, 4), st.none() | st.integers(0, 23)),
    st.builds(Returned, days, st.integers(1, 9)),
    st.builds(Returned, days, st.integers(1, 9), st.integers(9, 36_525)),
    st.builds(Flagged, st.integers(0, 7)),
)


def _joined(kind: type[And] | type[Or], parts: list[Node]) -> Node:
    flat: list[Node] = []
    for part in parts:
        flat += part.parts if isinstance(part, kind) else [part]
    return kind(tuple(flat))


nodes: st.SearchStrategy[Node] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: _joined(And, parts)),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: _joined(Or, parts)),
    ),
    max_leaves=8,
)
# Pieces that the language gives a meaning to, in any order: closer to what goes wrong than noise.
pieces = st.lists(
    st.one_of(
        st.sampled_from(
            [
                '"',
                "(",
                ")",
                "-",
                "~",
                " ",
                "or",
                "and",
                ":",
                "::",
                "\\",
                "*",
                "<",
                "0.9",
                "none",
                "7@",
                "..",
            ]
        ),
        st.sampled_from([f"{key}:" for key in KEYS]),
        st.text(max_size=3),
    ),
    max_size=12,
).map("".join)


class TestProperties:
    @given(nodes)
    @example(syntax.InDeck("/"))
    @example(syntax.Tagged(":a"))
    def test_what_is_printed_parses_to_the_same(self, node: Node) -> None:
        assert parse(str(node)) == node

    @given(pieces)
    def test_whatever_is_typed_is_understood_or_told_where_it_is_not(self, text: str) -> None:
        try:
            node = parse(text)
        except BadQuery as error:
            problem = error
        else:
            assert parse(str(node)) == node
            return
        assert 0 <= problem.position <= len(text)
        assert problem.sentence.endswith(".")


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("", Everything()),
        ("   ", Everything()),
        ("cell", Word("cell")),
        ('"cell"', Text("cell")),
        ("cell wall", And((Word("cell"), Word("wall")))),
        ('"cell wall"', Text("cell wall")),
        ("-cell", Not(Word("cell"))),
        ("--cell", Not(Not(Word("cell")))),
        ("a or b c", Or((Word("a"), And((Word("b"), Word("c")))))),
        ("a OR b", Or((Word("a"), Word("b")))),
        ("a and b", And((Word("a"), Word("b")))),
        ("(a or b) c", And((Or((Word("a"), Word("b"))), Word("c")))),
        ("-(a b)", Not(And((Word("a"), Word("b"))))),
        ("well-known", Word("well-known")),
        ("deck:Biology::Cells", InDeck("Biology::Cells")),
        ('deck:"My deck"', InDeck("My deck")),
        ("tag:verbs", Tagged("verbs")),
        ("IS:Due", Is(CardStatus.DUE)),
        ("prop:r<0.9", Compared(Property.RETRIEVABILITY, "<", 0.9)),
        ("prop:r<90%", Compared(Property.RETRIEVABILITY, "<", 0.9)),
        ("prop:stability>=21", Compared(Property.STABILITY, ">=", 21.0)),
        ("prop:due=-1", Compared(Property.DUE, "=", -1.0)),
        ("added:7", Within(Moment.ADDED, 7)),
        ("rated:7:1", Rated(7, 1)),
        ("rated:7", Rated(7)),
        ("rated:2026-11-02:1", Rated(Dates.of(date(2026, 11, 2)), 1)),
        ("added:2026-11-02..2026-11-08", Within(
            Moment.ADDED, Dates(date(2026, 11, 2), date(2026, 11, 8)),
        )),
        ("introduced:30", Introduced(30)),
        ("rated:30@0", Rated(30, hour=0)),
        ("rated:2026-11-02:1@23", Rated(Dates.of(date(2026, 11, 2)), 1, 23)),
        ("returned:30", Returned(30)),
        ("returned:30@4", Returned(30, 4, 4)),
        ("returned:30@4..7", Returned(30, 4, 7)),
        ("returned:2026-11-02@121..", Returned(Dates.of(date(2026, 11, 2)), 121)),
        ("flag:0", Flagged(0)),
        ("~energy", Meaning("energy")),
        ('-~"how cells get energy"', Not(Meaning("how cells get energy"))),
        ("10:30 std::vector https://a.example", And((
            Word("10:30"), Word("std::vector"), Word("https://a.example"),
        ))),
        (r'"say \"yes\""', Text('say "yes"')),
    ],
)  # fmt: skip
def test_it_reads(text: str, node: Node) -> None:
    assert parse(text) == node


@pytest.mark.parametrize(
    ("text", "position", "part"),
    [
        ('cell "wall', 5, "never closed"),
        ("cell (wall", 5, "never closed"),
        ("cell) wall", 4, "no opening one"),
        ("cell ()", 5, "nothing in these parentheses"),
        ("cell -", 5, "leave out"),
        ("or cell", 0, "before “or”"),
        ("cell or", 7, "after “or”"),
        ("a dekc:Latin", 2, "Did you mean deck:?"),
        ("is:du", 3, "did you mean due"),
        ("prop:r", 5, "prop:r<0.9"),
        ("prop:q<1", 5, "not “q”"),
        ("prop:r<x", 7, "number"),
        ("rated:7:5", 8, "rating is 1"),
        ("rated:7@24", 8, "from 0 to 23"),
        ("rated:7:1@", 10, "from 0 to 23"),
        ("returned:30@", 12, "from 1 to"),
        ("returned:30@7..4", 12, "greater than the last"),
        ("returned:30@4..x", 15, "from 1 to"),
        ("added:0", 6, "whole number"),
        ("added:2026-11-02..", 6, "is not a date"),
        ("edited:2026-02-30", 7, "is not a date"),
        ("rated:0001-01-01", 6, "is not a date"),
        ("introduced:2026-11-08..2026-11-02", 11, "after the last"),
        ("flag:8", 5, "0 to 7"),
        ("tag:", 0, "needs a value"),
        ("a ~", 2, "what to look for"),
        ('""', 0, "nothing between"),
        ("x" * 2_001, 2_000, "the maximum is 2,000"),
        ("(" * 60 + "a" + ")" * 60, 40, "too many nested"),
    ],
)
def test_it_points_at_what_it_does_not_understand(text: str, position: int, part: str) -> None:
    with pytest.raises(BadQuery) as caught:
        parse(text)
    assert (caught.value.position, part in caught.value.sentence) == (position, True), (
        caught.value.sentence
    )
