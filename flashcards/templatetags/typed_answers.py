"""Filters for a typed answer beside the card's: `{% load typed_answers %}`."""

from django import template

from flashcards.web.pages import typed_answer

register = template.Library()
register.filter("in_words", typed_answer.sentence)
register.filter("spoken", typed_answer.spoken)
