"""The parser of the search language: words, "phrases", -not, or, parentheses, key:value."""

import difflib
import math
import re
from datetime import date

from flashcards.domain.query.syntax import (
    OPERATORS,
    And,
    BadQuery,
    CardStatus,
    Compared,
    Dates,
    Days,
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

QUERY_MAX_CHARACTERS = 2_000
# Nested parentheses and minuses; people use three at most.
DEPTH_MOST = 40
# A hundred years.
DAYS_MOST = 36_525
FLAG_MOST = 7
HOUR_MOST = 23
NUMBER_MOST = 1e9

# The long names of properties, which people type too.
_PROPERTIES = {
    **{prop.value: prop for prop in Property},
    "retrievability": Property.RETRIEVABILITY,
    "stability": Property.STABILITY,
    "difficulty": Property.DIFFICULTY,
    "interval": Property.INTERVAL,
    "reviews": Property.REPS,
}
KEYS = ("deck", "tag", "is", "prop", "added", "edited", "rated", "introduced", "returned", "flag")
_WORD = re.compile(r"[^\s\"()]+")
# `10:30`, `std::vector` and `https://…` are words; `dekc:Latin` is a mistyped key.
_KEY = re.compile(r"([A-Za-z]+):(?![:/])")
_COMPARISON = re.compile(rf"([A-Za-z]+)\s*({'|'.join(OPERATORS)})(.*)", re.DOTALL)


def parse(text: str) -> Node:
    """Return the tree of a search. Raises BadQuery."""
    if len(text) > QUERY_MAX_CHARACTERS:
        raise BadQuery(
            f"This search has {len(text):,} characters; the maximum is {QUERY_MAX_CHARACTERS:,}.",
            QUERY_MAX_CHARACTERS,
        )
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def whole(self) -> Node:
        self._skip_blanks()
        if self._ended():
            return Everything()
        node = self._either()
        if not self._ended():
            raise BadQuery("This closing parenthesis has no opening one.", self.at)
        return node

    def _either(self) -> Node:
        start = self.at
        parts = [self._all()]
        while self._take_operator("or"):
            self._skip_blanks()
            if self._at_end_of_part():
                raise self._unfinished("Something is missing after “or”.", self.at)
            parts.append(self._all())
        return _joined(Or, parts, start)

    def _all(self) -> Node:
        start = self.at
        if self._peek_operator("or"):
            raise BadQuery(
                'Something is missing before “or”. To find the word itself, write "or".', self.at
            )
        parts: list[Node] = []
        while not self._at_end_of_part():
            if self._peek_operator("or"):
                break
            if self._take_operator("and"):
                if not parts or self._at_end_of_part() or self._peek_operator("or"):
                    raise BadQuery(
                        "“and” goes between two terms, and can be left out. "
                        'To find the word itself, write "and".',
                        start if not parts else self.at,
                    )
                continue
            parts.append(self._one())
            self._skip_blanks()
        if not parts:
            raise BadQuery("Something is missing here.", self.at)
        return _joined(And, parts, start)

    def _one(self) -> Node:
        start = self.at
        self.depth += 1
        if self.depth > DEPTH_MOST:
            raise BadQuery("This search has too many nested parentheses.", start)
        try:
            character = self.text[self.at]
            if character == "-":
                return self._negated(start)
            if character == "(":
                return self._grouped(start)
            if character == '"':
                return Text(self._phrase("a phrase"), start)
            if character == "~":
                return self._meaning(start)
            return self._word(start)
        finally:
            self.depth -= 1

    def _negated(self, start: int) -> Node:
        self.at += 1
        if self._ended() or self.text[self.at].isspace() or self.text[self.at] == ")":
            raise self._unfinished(
                "Write what to leave out directly after the minus, as in -tag:old.", start
            )
        return Not(self._one(), start)

    def _grouped(self, start: int) -> Node:
        self.at += 1
        self._skip_blanks()
        if self._ended():
            raise self._unfinished("This parenthesis is never closed.", start)
        if self.text[self.at] == ")":
            raise BadQuery("There is nothing in these parentheses.", start)
        node = self._either()
        if self._ended():
            raise self._unfinished("This parenthesis is never closed.", start)
        self.at += 1
        return node

    def _meaning(self, start: int) -> Node:
        self.at += 1
        if self._ended() or self.text[self.at].isspace() or self.text[self.at] in "()":
            raise self._unfinished(
                'Write what to look for after the ~, as in ~"how cells get energy".', start
            )
        if self.text[self.at] == '"':
            return Meaning(self._phrase("the words after ~"), start)
        return Meaning(self._bare(), start)

    def _word(self, start: int) -> Node:
        key = _KEY.match(self.text, self.at)
        if key is None:
            return Word(self._bare(), start)
        name = key[1].lower()
        if name not in KEYS:
            raise BadQuery(_unknown_key(key[1]), start)
        self.at = key.end()
        if not self._ended() and self.text[self.at] == '"':
            value = self._phrase(f"the name after {name}:")
        else:
            found = _WORD.match(self.text, self.at)
            value = found[0] if found else ""
            self.at += len(value)
        if not value.strip():
            raise self._unfinished(f"{name}: needs a value; {_EXAMPLES[name]}", start)
        return _keyed(name, value, start, key.end())

    def _bare(self) -> str:
        found = _WORD.match(self.text, self.at)
        if found is None:
            raise BadQuery("Something is missing here.", self.at)
        self.at = found.end()
        return found[0]

    def _phrase(self, what: str) -> str:
        start = self.at
        characters: list[str] = []
        self.at += 1
        while not self._ended():
            character = self.text[self.at]
            if character == '"':
                self.at += 1
                value = "".join(characters)
                if not value.strip():
                    raise self._unfinished("There is nothing between these quotes.", start)
                return value
            if character == "\\" and self.at + 1 < len(self.text):
                self.at += 1
                character = self.text[self.at]
            characters.append(character)
            self.at += 1
        raise self._unfinished(f"The quote that begins {what} is never closed.", start)

    def _unfinished(self, sentence: str, position: int) -> BadQuery:
        return BadQuery(sentence, position, is_unfinished=self._ended())

    def _skip_blanks(self) -> None:
        while not self._ended() and self.text[self.at].isspace():
            self.at += 1

    def _ended(self) -> bool:
        return self.at >= len(self.text)

    def _at_end_of_part(self) -> bool:
        return self._ended() or self.text[self.at] == ")"

    def _peek_operator(self, word: str) -> bool:
        found = _WORD.match(self.text, self.at)
        return found is not None and found[0].lower() == word

    def _take_operator(self, word: str) -> bool:
        if not self._peek_operator(word):
            return False
        self.at += len(word)
        self._skip_blanks()
        return True


def _joined(kind: type[And] | type[Or], parts: list[Node], at: int) -> Node:
    """Return the parts as one node, flattened where the parentheses make no difference."""
    flat: list[Node] = []
    for part in parts:
        flat += part.parts if isinstance(part, kind) else [part]
    return flat[0] if len(flat) == 1 else kind(tuple(flat), at)


def _keyed(name: str, value: str, start: int, value_at: int) -> Node:
    if name == "deck":
        return InDeck(value, start)
    if name == "tag":
        return Tagged(value, start)
    if name == "is":
        return Is(_status(value, value_at), start)
    if name == "prop":
        return _compared(value, start, value_at)
    if name == "rated":
        return _rated(value, start, value_at)
    if name == "returned":
        return _returned(value, start, value_at)
    if name == "introduced":
        return Introduced(_days(value, name, value_at), start)
    if name == "flag":
        return Flagged(_whole(value, FLAG_MOST, "flag:", value_at, least=0), start)
    return Within(Moment(name), _days(value, name, value_at), start)


def _status(value: str, at: int) -> CardStatus:
    try:
        return CardStatus(value.lower())
    except ValueError:
        names = [each.value for each in CardStatus]
        raise BadQuery(
            f"is: can be {', '.join(names[:-1])} or {names[-1]}{_suggestion(value, names)}.", at
        ) from None


def _compared(value: str, start: int, at: int) -> Node:
    found = _COMPARISON.fullmatch(value)
    if found is None:
        raise BadQuery(f"prop: compares a number; {_EXAMPLES['prop']}", at)
    name, operator, text = found[1].lower(), found[2], found[3].strip()
    if name not in _PROPERTIES:
        raise BadQuery(
            f"prop: takes {', '.join(prop.value for prop in Property)}; "
            f"not “{found[1]}”{_suggestion(name, list(_PROPERTIES))}.",
            at,
        )
    number = _float(text)
    if number is None:
        raise BadQuery(
            f"{operator} needs a number after it, as in prop:r<0.9.", at + found.start(3)
        )
    prop = _PROPERTIES[name]
    if prop is Property.RETRIEVABILITY and text.endswith("%"):
        number /= 100
    return Compared(prop, operator, number, start)


def _float(text: str) -> float | None:
    """Return the number, or None. A percent sign may follow it."""
    if not re.fullmatch(r"-?(\d+\.?\d*|\.\d+)(e-?\d{1,3})?%?", text, re.ASCII):
        return None
    number = float(text.rstrip("%"))
    # Minus zero becomes zero, or it would be printed as -0.
    return number + 0.0 if math.isfinite(number) and abs(number) <= NUMBER_MOST else None


def _rated(value: str, start: int, at: int) -> Node:
    text, sign, hour = value.partition("@")
    days, colon, rating = text.partition(":")
    counted = _days(days, "rated", at)
    of_day = None
    if sign:
        what = "The hour after @, as in rated:7@9,"
        of_day = _whole(hour, HOUR_MOST, what, at + len(text) + 1, least=0)
    if not colon:
        return Rated(counted, None, of_day, start)
    if rating not in {"1", "2", "3", "4"}:
        raise BadQuery(
            "A rating is 1 (Again), 2 (Hard), 3 (Good) or 4 (Easy), as in rated:7:1.",
            at + len(days) + 1,
        )
    return Rated(counted, int(rating), of_day, start)


def _returned(value: str, start: int, at: int) -> Node:
    days, sign, since = value.partition("@")
    counted = _days(days, "returned", at)
    if not sign:
        return Returned(counted, at=start)
    at += len(days) + 1
    first, dots, last = since.partition("..")
    what = "The days after @, as in returned:30@4..7,"
    least = _whole(first, DAYS_MOST, what, at)
    if dots and not last:
        return Returned(counted, least, None, start)
    most = _whole(last, DAYS_MOST, what, at + len(first) + 2) if dots else least
    if most < least:
        raise BadQuery("The first number of days is greater than the last.", at)
    return Returned(counted, least, most, start)


def _days(value: str, key: str, at: int) -> Days:
    """Return a number of days, or the dates that a value names."""
    if "-" not in value:
        return _whole(value, DAYS_MOST, f"{key}:", at)
    first, dots, last = value.partition("..")
    days = _date(first, at), _date(last if dots else first, at)
    if days[1] < days[0]:
        raise BadQuery("The first date is after the last.", at)
    return Dates(*days)


def _date(value: str, at: int) -> date:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            day = date.fromisoformat(value)
            # Beyond these years no time zone can be applied.
            if date.min.year < day.year < date.max.year:
                return day
    except ValueError:
        pass
    raise BadQuery(
        f"“{value}” is not a date; write it as in rated:2026-11-02 or "
        "rated:2026-11-02..2026-11-08.",
        at,
    )


def _whole(value: str, most: int, key: str, at: int, *, least: int = 1) -> int:
    if re.fullmatch(r"\d{1,9}", value, re.ASCII) and least <= int(value) <= most:
        return int(value)
    raise BadQuery(f"{key} takes a whole number from {least} to {most:,}.", at)


_EXAMPLES = {
    "deck": "write a deck’s name after it, as in deck:Latin or deck:none.",
    "tag": "write a tag after it, as in tag:verbs or tag:none.",
    "is": "write is:due, is:new, is:suspended and so on.",
    "prop": "write prop:r<0.9, prop:s>21, prop:d>7, prop:lapses>3 and so on.",
    "added": "write a number of days after it, as in added:7.",
    "edited": "write a number of days after it, as in edited:7.",
    "rated": "write a number of days after it, as in rated:7, or rated:7:1 for Again.",
    "introduced": "write a number of days after it, as in introduced:7.",
    "returned": "write a number of days after it, as in returned:30, or returned:30@4..7.",
    "flag": "write a number from 0 to 7 after it.",
}


def _unknown_key(key: str) -> str:
    close = difflib.get_close_matches(key.lower(), KEYS, n=1, cutoff=0.5)
    hint = f" Did you mean {close[0]}:?" if close else f" The keys are {', '.join(KEYS)}."
    return f"There is no search key “{key}:”.{hint} To find the words, put them in quotes."


def _suggestion(value: str, names: list[str]) -> str:
    close = difflib.get_close_matches(value.lower(), names, n=1, cutoff=0.5)
    return f"; did you mean {close[0]}" if close else ""
