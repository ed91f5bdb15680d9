"""Words of texts in any script, those without spaces between words included."""

import re
import unicodedata

# Scripts without spaces between words, by how many of their letters make up a word on average.
_PER_WORD = (
    # Chinese and Japanese: ideographs, kana and bopomofo, also those beyond the basic plane.
    (
        2,
        "\u3005-\u3007\u3021-\u3029\u3040-\u3096\u3099-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f"
        "\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
        "\U00020000-\U0003ffff",
    ),
    # Thai, Lao, Myanmar and Khmer, with their vowels and tones.
    (
        5,
        "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u1780-\u17d3"
        "\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa7f",
    ),
)
_RUNS = tuple((letters, re.compile(f"[{script}]+")) for letters, script in _PER_WORD)
# With Korean, which has spaces, but whose particles are written to the word.
_SEARCHED_WITHIN = re.compile(
    f"[{''.join(script for _, script in _PER_WORD)}\u1100-\u11ff\u3131-\u318e\uac00-\ud7af]+"
)
_MAY_HAVE_MARKS = re.compile("[\u0300-\u036f\u0483-\u1cff\u20d0-\u20ff\ua800-\uabff]")
_WORD = re.compile(r"[^\W\d_][\w'’-]*|\d[\d.,]*")


def count_words(text: str) -> int:
    """Return the number of words and numbers in a text, without punctuation.

    Where a script has no spaces between words, its letters tell how many there are about.
    """
    if text.isascii():
        return sum(1 for _ in _WORD.finditer(text))
    count = 0
    for letters, run in _RUNS:
        count += sum(-(-len(match[0]) // letters) for match in run.finditer(text))
        text = run.sub(" ", text)
    if _MAY_HAVE_MARKS.search(text):
        # Vowels and tones that are written to a letter are no letters to a regular expression.
        text = "".join(each for each in text if not unicodedata.category(each).startswith("M"))
    return count + sum(1 for _ in _WORD.finditer(text))


def unspaced(text: str) -> list[str]:
    """Return the runs of letters within which words are looked for: Chinese, Thai, Korean …"""
    return [] if text.isascii() else _SEARCHED_WITHIN.findall(text)


def without_unspaced(text: str) -> str:
    """Return a text with a space for each such run."""
    return text if text.isascii() else _SEARCHED_WITHIN.sub(" ", text)
