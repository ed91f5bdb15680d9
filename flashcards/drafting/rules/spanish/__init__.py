"""The drafting rules of Spanish."""

import re

from flashcards.drafting.rules.frame import Grammar
from flashcards.drafting.rules.spanish import definitions, events, patterns, reasons
from flashcards.drafting.sentence_ends import word_set

GRAMMAR = Grammar(
    code="es",
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
    leaning=patterns.LEANING - word_set("en se el"),
    talk=word_set(
        "yo tú usted ustedes nosotros vosotros nuestro nuestra nuestros nuestras mi mis tu tus "
        "creo deberíais debéis recuerda recordad hola"
    ),
    pointing=patterns.POINTING - word_set("así mismo misma ello"),
    pronouns=word_set("él ella ellos ellas"),
    harmless=re.compile(r"\b(?:al|del|el|hacia el) este\b|\bde sí mism[oa]s?\b", re.IGNORECASE),
    # "escribid", "sabéis"
    addressing=re.compile(
        r"\b\w+(?:áis|éis|ad|ed)(?=[,.;]|$)(?<!dad)(?<!tad)(?<!red)(?<!sed)|[a-z]+áis\b|[a-z]+éis\b"
    ),
    definite=re.compile(
        r"\b(?:el|la|del|al) (?P<noun>[a-záéíóúñ]+)(?=\?|$|,| (?:en|con|por|para|fue|es|y|se|a|"
        r"al)\b)"
    ),
    generic=patterns.GENERIC
    | word_set("pintora pintor autora escritor escritora rey reina hombre mujer"),
)
