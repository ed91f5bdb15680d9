"""The sanitiser: an allowlist of elements, attributes and classes. All HTML passes through it."""

import nh3

from memoryloop.markdown.code import CLASSES as CODE_CLASSES
from memoryloop.markdown.mathml import ATTRIBUTES as MATH_ATTRIBUTES
from memoryloop.markdown.mathml import CLASSES as MATH_CLASSES
from memoryloop.markdown.mathml import ELEMENTS as MATH_ELEMENTS
from memoryloop.markdown.parsing import OWN_IMAGE, OWN_SOUND

# No form, frame or style: nothing that loads, submits or covers the page, except our own files.
_ELEMENTS = {
    "a", "audio", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "img",
    "li", "kbd", "mark", "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "table", "tbody",
    "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip


_OWN = {"img": OWN_IMAGE, "audio": OWN_SOUND}


def _only_own_files(element: str, attribute: str, value: str) -> str | None:
    """Return the attribute's value; None for an image or a sound that is not stored here."""
    if attribute == "src" and element in _OWN and not _OWN[element].fullmatch(value):
        return None
    return value


# `clean` returns HTML that is safe to show.
cleaner = nh3.Cleaner(
    tags=_ELEMENTS | MATH_ELEMENTS,
    clean_content_tags={"script", "style"},
    attributes={
        **{name: {"dir"} for name in _ELEMENTS},
        "a": {"href", "title"},
        "audio": {"aria-label", "controls", "preload", "src"},
        "img": {"src", "alt", "loading"},
        "ol": {"start", "dir"},
        "pre": {"data-language", "dir"},
        **dict.fromkeys(MATH_ELEMENTS, MATH_ATTRIBUTES),
        "math": {*MATH_ATTRIBUTES, "dir"},
    },
    allowed_classes={
        "a": {"image-link"},
        "code": {"math-source"},
        "pre": {"code", "math-source"},
        "li": {"task"},
        "mrow": MATH_CLASSES,
        "mtable": MATH_CLASSES,
        "mtd": MATH_CLASSES,
        "p": {"as-written"},
        "span": CODE_CLASSES | {"math-block"},
        "td": {"align-center", "align-right"},
        "th": {"align-center", "align-right"},
    },
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener nofollow",
    strip_comments=True,
    attribute_filter=_only_own_files,
)
