"""The drafting rules of English."""

import re

from flashcards.drafting.rules import words
from flashcards.drafting.rules.english import definitions, events, patterns, reasons
from flashcards.drafting.rules.frame import Grammar
from flashcards.drafting.sentence_ends import word_set

GRAMMAR = Grammar(
    code="en",
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
    leaning=words.LEANING_STARTS - {"first", "no", "half"}
    | patterns.PREPOSITIONS - {"in", "on"}
    | word_set(
        "there however moreover furthermore also imagine remember look note consider today now "
        "currently eventually originally initially recently finally generally usually typically "
        "traditionally historically perhaps maybe sometimes often interestingly importantly "
        "nowadays once more less nobody everybody open create make use try keep read write click"
    ),
    talk=word_set(
        "i we you us our your my me let's you're we're i'm don't mine ours yours yourself let’s "
        "you’re we’re i’m don’t"
    ),
    # "it" and "they" may refer to what the card names.
    pointing=patterns.POINTING - {"it", "they", "them", "such"},
    pronouns=word_set("he she it they them him her"),
    definite=re.compile(
        r"\b[Tt]he (?P<noun>[a-z]+)(?=\?|$|,| (?:in|on|at|by|for|with|from|to|was|were|is|are|and|"
        r"begin|end)\b)"
    ),
    generic=patterns.GENERIC - {"school", "state", "law", "war"} | words.PERSON_NOUNS,
)
