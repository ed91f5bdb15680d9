"""Gaps: cloze cards of a date, a term in bold or a number in a sentence."""

import re
from collections.abc import Iterator

from flashcards.domain.records import Kind
from flashcards.drafting.rules.grammar import MONTH, YEAR
from flashcards.drafting.rules.patterns import AMOUNT, Made, Reading

_QUANTITY = re.compile(
    rf"(?<![\w.,$-])(?P<number>(?:(?:{AMOUNT}|\d+)(?: (?:or|to|and) |[–-]))?"
    rf"(?:{AMOUNT}|\d+)(?: ?%| percent)?)(?= ?[a-z°%]|$)"
)


def cloze(reading: Reading) -> Iterator[Made]:
    """Yield a cloze card with a gap for a date, a number or a term in bold."""
    text = f"{reading.text}."
    if "{{" in text or "}}" in text or "::" in text or not 7 <= len(text.split()) <= 40:
        return
    for found, score in _gaps(reading, text):
        start, end = found
        gap = text[start:end]
        if len(re.findall(rf"(?<!\w){re.escape(gap)}(?!\w)", text)) == 1:
            yield Made(f"{text[:start]}{{{{c1::{gap}}}}}{text[end:]}", "", score, Kind.CLOZE)
            return


def _gaps(reading: Reading, text: str) -> Iterator[tuple[tuple[int, int], float]]:
    for date in re.finditer(rf"(?<![\w-])(?:\d{{1,2}}\.? \w+ )?{YEAR}(?![\w%-])(?!\.\d)", text):
        whole = date.group()
        span = date.span()
        if not re.fullmatch(YEAR, whole) and not re.search(rf"(?:{MONTH})", whole):
            span = span[0] + whole.rfind(" ") + 1, span[1]
        yield span, 0.6
    for bold in reading.sentence.bold:
        at = text.find(bold)
        if at >= 0 and len(bold.split()) <= 5:
            yield (at, at + len(bold)), 0.58
    for number in _QUANTITY.finditer(text):
        before = text[: number.start()].split()[-1:] or [""]
        if before[0][:1].isupper() and len(before[0]) > 2 and number.start() > 4:
            continue
        if number.group() in {"1", "one", "two"} and "percent" not in number.group():
            continue
        yield number.span("number"), 0.55
