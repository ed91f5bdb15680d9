"""What a model answers when it is asked for cards, and when one of them is whole."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from flashcards.domain import cloze
from flashcards.domain.records import ANSWER_MAX_CHARACTERS, QUESTION_MAX_CHARACTERS
from flashcards.domain.validation import CARDS_A_NOTE
from memoryloop.llm.partial import PartialList
from memoryloop.storable import storable

# What else models call the sides of a card.
_OTHER_NAMES = {"question": ("front", "text", "prompt", "q"), "answer": ("back", "a")}
LABEL_MAX_CHARACTERS = 100


class CardDraft(BaseModel):
    """One card as a model gives it."""

    model_config = ConfigDict(str_strip_whitespace=True, coerce_numbers_to_str=True)

    kind: Literal["basic", "reversed", "cloze"] = "basic"
    question: str = Field(min_length=1, max_length=QUESTION_MAX_CHARACTERS)
    answer: str = Field(default="", max_length=ANSWER_MAX_CHARACTERS)
    quote: str = ""

    @model_validator(mode="before")
    @classmethod
    def named_as_usual(cls, value: Any) -> Any:
        """Take other names of the sides, null for blank, and a kind in capitals."""
        if not isinstance(value, dict):
            return value
        named = {name: each for name, each in value.items() if each is not None}
        for name, others in _OTHER_NAMES.items():
            for other in others:
                if name not in named and other in named:
                    named[name] = named.pop(other)
        if isinstance(kind := named.get("kind"), str):
            named["kind"] = kind.strip().lower()
        return named

    @field_validator("question", "answer", "quote")
    @classmethod
    def plain(cls, value: str) -> str:
        return storable(value)

    @field_validator("quote")
    @classmethod
    def short(cls, value: str) -> str:
        return value[:ANSWER_MAX_CHARACTERS]

    @model_validator(mode="after")
    def complete(self) -> "CardDraft":
        if not self.question:
            raise ValueError("the question is blank")
        gaps = len(list(cloze.all_deletions(self.question)))
        if self.kind == "basic" and not self.answer and gaps:
            self.kind = "cloze"
        if self.kind != "cloze" and not self.answer:
            raise ValueError(f"a {self.kind} card needs an answer")
        if self.kind == "cloze" and not gaps:
            raise ValueError("a cloze card needs a gap in its question: {{c1::the hidden words}}")
        if self.kind == "cloze" and gaps > CARDS_A_NOTE:
            raise ValueError("a cloze card has too many gaps")
        return self


class CardDrafts(PartialList):
    """The answer of a model."""

    cards: list[CardDraft]


class LabelledDrafts(CardDrafts):
    """Cards, and the deck and the tags that the model proposes for all of them."""

    deck: str = ""
    tags: list[str] = []

    @field_validator("deck", mode="before")
    @classmethod
    def one_name(cls, value: Any) -> str:
        return _label(value)

    @field_validator("tags", mode="before")
    @classmethod
    def names(cls, value: Any) -> list[str]:
        listed = value.split(",") if isinstance(value, str) else value
        found = map(_label, listed if isinstance(listed, list) else [])
        return [label.lstrip("#") for label in found if label.strip("#")]


def _label(value: Any) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    text = storable(text)
    return text if len(text) <= LABEL_MAX_CHARACTERS else ""


class BetterDraft(CardDraft):
    """A card that replaces a weak one, given by its number."""

    number: int = 0


class BetterDrafts(PartialList):
    cards: list[BetterDraft]


class Look(BaseModel):
    """What a model thinks of a card's support in its text, by the card's number."""

    number: int
    verdict: Literal["supported", "unsupported"]


class Looks(PartialList):
    cards: list[Look]


class ContrastDraft(CardDraft):
    """A card about the difference of two others, and the words of each that support it."""

    kind: Literal["basic"] = "basic"
    first: str = Field(default="", max_length=ANSWER_MAX_CHARACTERS)
    second: str = Field(default="", max_length=ANSWER_MAX_CHARACTERS)
