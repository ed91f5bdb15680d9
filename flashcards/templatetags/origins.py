"""Links of what cards are made from: `{% load origins %}`."""

from django import template

from flashcards.web.pages import origins
from memoryloop.words import count_words

register = template.Library()

register.filter("count_words", count_words)
register.filter("make_url", origins.make_url)
register.filter("back_link", origins.back_link)
