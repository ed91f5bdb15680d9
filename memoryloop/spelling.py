"""Likeness of spelling: how many letters were mistyped, if one word was meant by another."""


def lengths(typed: str) -> tuple[int, int]:
    """Return how many letters the shortest and the longest word have that it may be meant by."""
    length = len(typed)
    shortest = next(n for n in range(length + 1) if n + _most_wrong(n) >= length)
    return shortest, length + _most_wrong(length)


def wrong_letters(one: str, other: str, *, most: int) -> int | None:
    """Return how many letters differ, are missing, too many or swapped; None for more than `most`.

    The distance of optimal string alignment: two letters that changed places count as one.
    """
    if abs(len(one) - len(other)) > most:
        return None
    if one == other:
        return 0
    # Most words are told apart by this alone, in a twentieth of the time: each letter that only one
    # of them has is a wrong one.
    if len({*one}.difference(other)) > most or len({*other}.difference(one)) > most:
        return None
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        now = [row]
        for column, its in enumerate(other, start=1):
            cost = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != its))
            swapped = row > 1 and column > 1 and letter == other[column - 2] and its == one[row - 2]
            if swapped:
                cost = min(cost, before[column - 2] + 1)
            now.append(cost)
        if min(now) > most:
            return None
        before, last = last, now
    return last[-1] if last[-1] <= most else None


def likeness(typed: str, word: str) -> float:
    """Return how likely it is that `word` was meant by what was typed: 1 for the same, else less.

    0 where too many letters differ: one of four or five, two of six to nine, three of more.
    """
    length = min(len(typed), len(word))
    wrong = wrong_letters(typed, word, most=_most_wrong(length))
    return 0.0 if wrong is None else 1.0 - wrong / (length / 2 + 1)


def _most_wrong(length: int) -> int:
    """Return how many letters may be wrong, if the shorter of two words has so many."""
    return 0 if length < 4 else 1 if length < 6 else 2 if length < 10 else 3
