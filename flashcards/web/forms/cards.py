"""The forms of cards: a rating, a new note, and an edit."""

import re
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict

from flashcards.cards import media
from flashcards.domain.card_sides import cloze_ordinals
from flashcards.domain.records import (
    ANSWER_MAX_CHARACTERS,
    QUESTION_MAX_CHARACTERS,
    Flashcard,
    Kind,
    Rating,
)
from flashcards.domain.validation import CARDS_A_NOTE

TAGS_MAX_CHARACTERS = 300
DECKS_MAX_CHARACTERS = 1_000


KINDS = [
    (Kind.BASIC, "Question and answer"),
    (Kind.REVERSED, "Both ways round"),
    (Kind.CLOZE, "Gaps in a text"),
]


def split_tags(text: str) -> tuple[str, ...]:
    """Return the tags of a line, each once, without the spaces around them."""
    found = (" ".join(tag.split()) for tag in re.split(r"[,\n]", text))
    return tuple(dict.fromkeys(tag for tag in found if tag))


class MarkdownField(forms.CharField):
    """Text of several lines; browsers send CRLF, cards are kept with LF."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace("\r\n", "\n") if isinstance(value, str) else value)


class CardTextField(MarkdownField):
    """A side of a card. The addresses of its images are shown short; see `given`."""

    def prepare_value(self, value: Any) -> Any:
        return media.shorten(value) if isinstance(value, str) else value


def given(data: QueryDict, *, owner_id: UUID, before: Flashcard | None = None) -> QueryDict:
    """Return what a form of a card sent, with whole addresses of its images.

    `before` is the card as it was before the edit.
    """
    known = f"{before.question} {before.answer} {before.extra}" if before else ""
    whole = data.copy()
    for name in ("question", "answer", "extra"):
        if name in whole:
            text = str(whole.get(name, ""))
            # A longer text is refused by the form. Each of its addresses would be looked up.
            if len(text) <= ANSWER_MAX_CHARACTERS:
                whole[name] = media.lengthen(text, owner_id=owner_id, before=known)
    return whole


class RatingForm(forms.Form):
    """One rating, as the page or its script sends it."""

    review_id = forms.UUIDField()
    sequence = forms.IntegerField(min_value=0)
    rating = forms.TypedChoiceField(
        choices=[(str(rating.value), rating.name) for rating in Rating],
        coerce=int,
    )
    duration_ms = forms.IntegerField(required=False)
    # Reviews done today before this one, for the progress line.
    done = forms.IntegerField(required=False, min_value=0)


class CardForm(forms.Form):
    """A note written by hand."""

    kind = forms.ChoiceField(
        label="Kind",
        choices=KINDS,
        widget=forms.RadioSelect,
        initial=Kind.BASIC,
    )
    question = CardTextField(
        label="Question",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=QUESTION_MAX_CHARACTERS,
        help_text="Markdown, code and $mathematics$ are welcome. For a gap, write "
        "{{c1::the hidden words}}, with a hint if you like: {{c1::Paris::city}}. "
        "Each number makes a card.",
        error_messages={"required": "Write the question."},
    )
    answer = CardTextField(
        label="Answer",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=ANSWER_MAX_CHARACTERS,
        required=False,
        help_text="For a text with gaps this may stay empty, or say what else is worth knowing.",
    )
    tags = forms.CharField(
        label="Tags",
        required=False,
        max_length=TAGS_MAX_CHARACTERS,
        help_text="Separated by commas, such as biology, cells.",
    )

    decks = forms.CharField(
        label="Decks",
        required=False,
        max_length=DECKS_MAX_CHARACTERS,
        widget=forms.TextInput(attrs={"list": "deck-names", "autocomplete": "off"}),
        help_text="Separated by commas, such as Biology::Cells. A new name makes a deck.",
    )

    def clean_tags(self) -> tuple[str, ...]:
        return split_tags(self.cleaned_data["tags"])

    def clean_decks(self) -> tuple[str, ...]:
        return split_tags(self.cleaned_data["decks"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        question, answer = data.get("question"), data.get("answer")
        if question is None:
            return data
        if data.get("kind") == Kind.CLOZE:
            ordinals = cloze_ordinals(question)
            if not ordinals:
                self.add_error(
                    "question",
                    "There is no gap in it yet: put {{c1:: and }} around the words to hide.",
                )
            elif len(ordinals) > CARDS_A_NOTE:
                self.add_error(
                    "question",
                    f"It would make {len(ordinals)} cards, and a note can have {CARDS_A_NOTE}: "
                    "give several gaps the same number.",
                )
            elif "ordinal" in data and data["ordinal"] not in ordinals:
                gap = f"{{{{c{data['ordinal']}::…}}}}"
                self.add_error("question", f"This card hides {gap}: keep a gap with that number.")
        elif not answer:
            self.add_error("answer", "Write the answer.")
        return data


class EditCardForm(CardForm):
    """The text of an existing note: a question stays a question, a text with gaps keeps gaps.

    With `ordinal` the text must keep a gap of that number: that of the one card being edited.
    """

    def __init__(self, *args: Any, kind: str, ordinal: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.card_kind, self.card_ordinal = kind, ordinal
        choices = self.fields["kind"]
        if kind == Kind.CLOZE or ordinal is not None:
            del self.fields["kind"]
        elif isinstance(choices, forms.ChoiceField):
            choices.choices = KINDS[:2]
            choices.required = False
        self.fields["extra"] = CardTextField(
            label="Note",
            required=False,
            max_length=ANSWER_MAX_CHARACTERS,
            widget=forms.Textarea(attrs={"rows": 2}),
            help_text="Shown below the answer: an example, a mnemonic, where to read more.",
        )
        self.order_fields(["kind", "question", "answer", "extra", "tags", "decks"])

    def clean(self) -> dict[str, Any]:
        if not self.cleaned_data.get("kind"):
            self.cleaned_data["kind"] = self.card_kind
        if self.card_ordinal is not None:
            self.cleaned_data["ordinal"] = self.card_ordinal
        return super().clean()
