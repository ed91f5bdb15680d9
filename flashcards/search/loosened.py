"""A search, loosened: what of it is words to rank cards by, and what stays a filter."""

from collections.abc import Iterator

from flashcards.domain.query import syntax
from flashcards.domain.query.syntax import And, Everything, Node, Not, Or, Text, Word


def bare_words(node: Node) -> list[Word]:
    """Return the words without quotes that cards are asked to have, in order."""
    return [leaf for leaf in _wanted(node) if isinstance(leaf, Word)]


def text_of(node: Node) -> str:
    """Return the words and phrases that cards are asked to have, as one text; else nothing.

    Nothing as well where all words are in quotes: who writes quotes wants just these.
    """
    wanted = list(_wanted(node))
    if not any(isinstance(leaf, Word) for leaf in wanted):
        return ""
    return " ".join(leaf.value for leaf in wanted)


def filters_of(node: Node) -> Node:
    """Return the search without its bare words, but for those that are to be absent."""
    match node:
        case Word():
            return Everything()
        case And(parts):
            kept = [part for part in map(filters_of, parts) if not isinstance(part, Everything)]
            return And(tuple(kept)) if len(kept) > 1 else kept[0] if kept else Everything()
        case Or(parts):
            loosened = [filters_of(part) for part in parts]
            if any(isinstance(part, Everything) for part in loosened):
                return Everything()
            return Or(tuple(loosened))
        case _:
            return node


def _wanted(node: Node) -> Iterator[Word | Text]:
    if isinstance(node, (Word, Text)):
        yield node
    elif isinstance(node, (syntax.And, syntax.Or)):
        for part in node.parts:
            if not isinstance(part, Not):
                yield from _wanted(part)
