"""Links of what cards are made from: `{% load origins %}`."""

from django import template

from flashcards.web.pages import origins

register = template.Library()

register.filter("make_url", origins.make_url)
register.filter("back_link", origins.back_link)
