"""The drafting rules of German."""

import re

from flashcards.drafting.rules.frame import Grammar
from flashcards.drafting.rules.german import definitions, events, patterns, reasons
from flashcards.drafting.sentence_ends import word_set

GRAMMAR = Grammar(
    code="de",
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
    leaning=patterns.LEANING - word_set("in im am als unter"),
    talk=word_set("ich wir uns unser unsere du dich dir euch euer eure ihr bitte mein meine dein"),
    pointing=patterns.POINTING
    - word_set("er ihn ihm ihnen sie man ihr da dabei dazu daran darin davon dadurch"),
    # "wie Sie sehen": a capital inside a sentence addresses the reader.
    addressing=re.compile(r"(?<=[a-zäöüß,] )(?:Sie|Ihnen|Ihre?[rnms]?)\b"),
    pronouns=word_set("er ihn ihm ihnen sie dabei dazu daran darin davon dadurch"),
    definite=re.compile(
        r"\b[Dd](?:er|ie|as|en|em) (?P<noun>[A-ZÄÖÜ]\w+)(?=\?|$| (?:in|im|an|am|auf|vom|mit|für|"
        r"zur|zum|bei|[a-zäöü]+(?:t|en))\b)"
    ),
    generic=patterns.GENERIC,
)
