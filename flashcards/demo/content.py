"""The demo's texts: cards/*.md are lists of cards, conversations/*.md talks with their cards.

A card is one line: `question → answer`, or a text with a cloze; in a conversation ` ← words` names
the words of the answer above that it came from. `⏎` is a line break.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from flashcards.domain.card_sides import cloze_ordinals
from flashcards.domain.records import Kind

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class DemoCard:
    """One card; `source` are the words it came from, empty outside conversations."""

    kind: Kind
    question: str
    answer: str
    tags: tuple[str, ...]
    source: str = ""


@dataclass
class DemoMessage:
    """One message; `provider` is empty for the learner's."""

    content: str
    provider: str = ""
    model: str = ""
    cards: list[DemoCard] = field(default_factory=list)


@dataclass(frozen=True)
class DemoConversation:
    """One conversation of so many days ago."""

    title: str
    days_ago: int
    messages: list[DemoMessage]


def lists() -> list[list[DemoCard]]:
    """Return the lists of cards, one for each subject, in the order of their file names."""
    return [_list(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("cards/*.md"))]


def conversations() -> list[DemoConversation]:
    """Return the conversations, the oldest first."""
    found = [
        _conversation(path.read_text(encoding="utf-8"))
        for path in FOLDER.glob("conversations/*.md")
    ]
    return sorted(found, key=lambda conversation: -conversation.days_ago)


def _head(text: str) -> tuple[dict[str, str], str]:
    """Return the `name: value` lines before the first blank one, and the rest."""
    head, _, body = text.partition("\n\n")
    return dict(line.split(": ", 1) for line in head.splitlines()), body


def _tags(head: dict[str, str]) -> tuple[str, ...]:
    return tuple(tag.strip() for tag in head["tags"].split(","))


def _list(text: str) -> list[DemoCard]:
    head, body = _head(text)
    question = head.get("question", "{}")
    return [_card(line, _tags(head), question) for line in body.splitlines() if line.strip()]


def _card(line: str, tags: tuple[str, ...], template: str = "{}") -> DemoCard:
    words, _, source = line.partition(" ← ")
    if cloze_ordinals(words):
        return DemoCard(Kind.CLOZE, words.strip(), "", tags, source.strip())
    question, arrow, answer = words.partition(" → ")
    if not arrow:
        raise ValueError(f"No arrow and no gap in the demo card {line!r}.")
    asked = template.replace("{}", question.strip())
    return DemoCard(Kind.BASIC, _broken(asked), _broken(answer.strip()), tags, source.strip())


def _broken(text: str) -> str:
    return text.replace("⏎", "\n")


def _conversation(text: str) -> DemoConversation:
    head, body = _head(text)
    messages: list[DemoMessage] = []
    for part in re.split(r"^=== ", body, flags=re.MULTILINE)[1:]:
        first, _, content = part.partition("\n")
        who, _, rest = first.partition(" ")
        if who == "cards":
            tags = _tags(head)
            messages[-1].cards += [_card(line, tags) for line in content.split("\n") if line]
            continue
        provider, _, model = rest.partition(" ")
        messages.append(DemoMessage(content.strip(), provider, model))
    return DemoConversation(head["title"], int(head["days_ago"]), messages)
