"""The forms of the tour: its card, and its rating."""

from django import forms

from flashcards.domain.records import ANSWER_MAX_CHARACTERS, QUESTION_MAX_CHARACTERS, Rating
from flashcards.review import tour
from flashcards.web.forms.cards import MarkdownField


class TourCardForm(forms.Form):
    """A card that is written already, to keep or to change."""

    question = MarkdownField(
        label="Question",
        widget=forms.Textarea(attrs={"rows": 2}),
        initial=tour.QUESTION,
        max_length=QUESTION_MAX_CHARACTERS,
        error_messages={"required": "Write the question."},
    )
    answer = MarkdownField(
        label="Answer",
        widget=forms.Textarea(attrs={"rows": 2}),
        initial=tour.ANSWER,
        max_length=ANSWER_MAX_CHARACTERS,
        error_messages={"required": "Write the answer."},
    )


class TourRatingForm(forms.Form):
    """How well the card was known. The id is made by the page, so that a second sending is none."""

    review_id = forms.UUIDField()
    rating = forms.TypedChoiceField(
        choices=[(str(rating.value), rating.name) for rating in Rating],
        coerce=lambda value: Rating(int(value)),
    )
