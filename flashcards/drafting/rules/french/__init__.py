"""The drafting rules of French."""

import re

from flashcards.drafting.rules.frame import Grammar
from flashcards.drafting.rules.french import definitions, events, patterns, reasons
from flashcards.drafting.sentence_ends import word_set

GRAMMAR = Grammar(
    code="fr",
    readers=(
        definitions.definition,
        definitions.attribute,
        definitions.called,
        events.passive,
        events.active,
        events.happened,
        events.where,
        reasons.why,
        reasons.causes,
        reasons.how_many,
    ),
    leaning=patterns.LEANING - word_set("en au le on dans"),
    talk=word_set("je tu nous vous mon ma mes ton ta tes notre nos votre vos moi toi"),
    pointing=patterns.POINTING - word_set("même lui dit dite ce ainsi"),
    pronouns=word_set("il elle ils elles lui eux leur"),
    # "écrivez", "regardons-le"
    addressing=re.compile(
        r"\b(?!chez|assez|nez|rez)[a-zàâçéèêëîïôûù]+ez\b|\b\w+ons-", re.IGNORECASE
    ),
    definite=re.compile(
        r"\b(?:le|la|du|au) (?P<noun>[a-zàâçéèêëîïôûùœ]+)(?= \?|$|,| (?:en|avec|par|pour|fut|est|"
        r"et|se|à|dans)\b)"
    ),
    generic=patterns.GENERIC,
)
