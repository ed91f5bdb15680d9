"""How questions go wrong, in the words of each language: too vague, two at once, lists.

The patterns are those of one language; `little_words.language_of` says which one a card is in.
"""

import re
from dataclasses import dataclass
from functools import cached_property


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


@dataclass(frozen=True)
class Phrases:
    # Words that ask for a fact.
    askers: str
    # "Explain X", "What should you know about X": an essay would answer it.
    essay: re.Pattern[str]
    # It speaks of something that it does not name.
    unnamed: re.Pattern[str]
    # It asks for several things of a kind.
    asks_list: re.Pattern[str]
    # "and when", "und wo"
    joined: str
    # It asks for words rather than facts, so that a word may be its own answer.
    vocabulary: re.Pattern[str]
    # "or" asks for a choice of things that it names.
    choice: str

    @cached_property
    def asks(self) -> re.Pattern[str]:
        return _pattern(rf"(?<!\w)(?:{self.askers})(?!\w)")

    @cached_property
    def asks_twice(self) -> re.Pattern[str]:
        return _pattern(
            rf"\?.+\?|(?<!\w){self.joined}\s+(?:{self.askers})(?!\w)(?!\s+(?:not|ever|nicht)\b)"
        )


_NUMBERS = {
    "en": r"two|three|four|five|six|seven|eight|nine|ten|\d+",
    "de": r"zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|\d+",
    "es": r"dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|\d+",
    "fr": r"deux|trois|quatre|cinq|six|sept|huit|neuf|dix|\d+",
}
EN = Phrases(
    askers=r"what|when|where|who|whom|whose|why|how|which",
    essay=_pattern(
        r"^(?:please\s+)?(?:explain|describe|discuss|summari[sz]e|outline|elaborate on|comment on|"
        r"talk about|tell (?:me|us) about|write about|characteri[sz]e)\b(?!.*\b(?:what|when|where|"
        r"who|why|how|which|differ\w*)\b)"
        r"|^what (?:should|must|do|can|could) (?:you|we|i|one|people) (?:know|say|tell|remember|"
        r"learn|note)\b"
        r"|^what (?:is|are|was|were) (?:so |most |particularly )?(?:important|special|interesting|"
        r"notable|significant|known|true)(?: (?:about|of|to (?:know|remember))\b.*)?\s*[?.]?$"
        r"|^what can (?:be )?(?:said|you say|we say) about\b"
    ),
    unnamed=_pattern(
        r"^(?:and |so |but )?(?:what|how) about\b|^(?:and|so|then) what\b"
        r"|^what (?:happen(?:s|ed)|comes|came|follow(?:s|ed)|did (?:they|he|she) do) "
        r"(?:next|then|here|there|after(?:wards?)?|before)\s*\?"
        r"|^(?:what|why|how|when|where|who|which)\b[^?]{0,20}\b(?:it|this|that|they)\s*\?$"
    ),
    asks_list=_pattern(
        r"\b(?:list|name|enumerate|give|state)\s+(?:all\b|the\b|some\b|any\b|"
        rf"{_NUMBERS['en']})[^.?!]*s\b|\bwhat (?:are|were) (?:all |some of )?(?:the |its )?"
        rf"(?:{_NUMBERS['en']}|main|different|various|types|kinds|steps|parts|stages)\b"
    ),
    joined="and",
    vocabulary=_pattern(
        r"\bmeans?\b|\bmeaning\b|\btranslat|\bword for\b|\bcalled in\b|\bplural\b|\bsingular\b|"
        r"\btense\b|\bparticiple\b|\bsynonym|\bantonym|\bspell|\bpronounc|\bhow do you say\b|"
        r"\bin (?:english|german|french|spanish|italian|latin|japanese|chinese)\b"
    ),
    choice="or",
)
DE = Phrases(
    askers=r"was|wann|wo|wer|wen|wem|wessen|warum|wieso|weshalb|wie|wieviel\w*|welche[mnrs]?|"
    r"wohin|woher|woraus|womit|wozu|wodurch|worin|woran|worauf|wofür|wovon|worüber|wonach",
    essay=_pattern(
        r"^(?:bitte\s+)?(?:erklär|erläuter|beschreib|diskutier|erörter|charakterisier|schilder|"
        r"erzähl|fasse?\b)\w*\b(?!.*\b(?:was|wann|wo|wer|warum|wie|wozu|wodurch|unterschied\w*|"
        r"welche\w*)\b)"
        r"|^was (?:soll\w*|muss|musst|müssen|kann|kannst|weißt|wissen) (?:du|man|sie|wir)\b.*"
        r"\b(?:über|von|zu|wissen|merken|sagen)\b"
        r"|^was (?:ist|sind|war|waren) (?:besonders )?(?:wichtig|bedeutend|interessant|bekannt|"
        r"bemerkenswert)(?: (?:an|bei|über)\b.*)?\s*\?$"
    ),
    unnamed=_pattern(
        r"^(?:und |aber )?was (?:ist|war) (?:damit|daran|dabei|dann|danach|hier|dort)\b"
        r"|^und (?:dann|jetzt|danach)\b|^was ist mit (?:ihm|ihr|ihnen|dem|der|denen)\s*\?"
        r"|^was (?:passiert|passierte|geschieht|geschah|kommt|kam|folgt|folgte) "
        r"(?:dann|danach|dabei|hier|dort|darauf|nun|daraufhin)\s*\?"
        r"|^(?:warum|wieso|wann|wo|wie|was|wer|woher|wohin|womit|wozu) "
        r"(?!gibt|gab|heißt|handelt|regnet|schneit|geht)\w+ (?:es|das|dies)"
        r"(?-i:(?: [a-zäöüß]+){0,2})\s*\?$"
        r"|^(?:warum|wieso|wann|wo|wie|was|wen|wem|woher|wohin|womit|wozu|welche\w* \w+) \w+ "
        r"(?:er|(?-i:sie)|ihn|ihm)\b"
    ),
    asks_list=_pattern(
        r"^(?:nenne\w*|zähle?n?|liste?\w*|gib|geben)\b(?!.*\b(?:einen|eine|ein|den namen)\b)"
        rf"|\bwelches? sind (?:die|seine|ihre) (?:{_NUMBERS['de']}|wichtigsten|verschiedenen)\b"
        rf"|^(?:welche|was sind die) (?:{_NUMBERS['de']})\b"
    ),
    joined="und",
    vocabulary=_pattern(
        r"\bheißt\b|\bbedeutet?\b|\bbedeutung\b|\bübersetz|\bwort für\b|\bsagt man\b|\bplural\b|"
        r"\bmehrzahl\b|\bsynonym|\bauf (?:deutsch|englisch|französisch|spanisch|italienisch|latein)"
    ),
    choice="oder",
)
ES = Phrases(
    askers=r"qué|quién|quiénes|cuál|cuáles|dónde|adónde|cuándo|cómo|cuánt[oa]s?|por qué|para qué",
    essay=_pattern(
        r"^(?:por favor,?\s+)?(?:expli[cq]\w+|describ\w+|coment\w+|resum\w+|discut\w+|"
        r"habl[ae]\w*|háblame|desarroll\w+|caracteri[zc]\w+)\b(?!.*(?<!\w)(?:qué|quién|cuál|dónde|"
        r"cuándo|cómo|diferencia\w*)(?!\w))"
        r"|^¿?qué (?:sabes|hay que saber|se debe saber|debes saber|puedes decir|se puede decir)\b"
        r"|^¿?qué (?:es|son|fue) (?:lo )?(?:más )?(?:importante|interesante|especial|destacado)"
        r"(?: de\b.*)?\s*\?$"
    ),
    unnamed=_pattern(
        r"^¿?(?:y |pero )?qué (?:pasa|pasó|ocurre|ocurrió|sucede|sucedió|hay)(?: con (?:eso|esto|"
        r"ello|él|ella|ellos)| después| luego| entonces| aquí| ahí)?\s*\?"
        r"|^¿?y (?:luego|después|entonces)\b"
        # Nothing is named, since Spanish needs no subject: "¿Por qué es importante?"
        r"|^¿(?:por qué|para qué|cómo|cuándo|dónde)(?-i:(?! se (?:dice|llama|escribe))"
        r"(?: (?!(?:hay|el|la|los|las|un|una|del|al|su|sus)\b)[a-záéíóúñü]+){1,2})\s*\?$"
        r"|^¿(?:por qué|cómo|cuándo|dónde|a quién) (?:l[oae]s?|se l[oae]s?) \w+ ?\?$"
    ),
    asks_list=_pattern(
        r"^(?:enumer\w+|nombr\w+|mencion\w+|cit[ae]\w*|indi[cq]\w+|list[ae]\w*|di)\b[^.?!]*s\b"
        rf"|\bcuáles (?:son|eran|fueron) (?:los|las|sus) (?:{_NUMBERS['es']}|principales|"
        r"diferentes|distint[oa]s|tipos|partes|etapas)\b"
    ),
    joined="y",
    vocabulary=_pattern(
        r"\bsignifica\b|\bsignificado\b|\btradu[cz]|\bse dice\b|\bpalabra\b|\bplural\b|"
        r"\bsinónimo|\bantónimo|\ben (?:inglés|alemán|francés|español|italiano|latín)\b"
    ),
    choice="[ou]",
)
FR = Phrases(
    askers=r"qui|qu['’]\w+|que|quoi|quand|où|comment|pourquoi|combien|quel(?:le)?s?|"
    r"lequel|laquelle|en quelle année",
    essay=_pattern(
        r"^(?:expli[cq]\w+|décri\w+|comment(?:ez|e)\b|résume\w*|discut\w+|parle[zr]?\b|"
        r"développe\w*|caractérise\w*)(?!.*\b(?:pourquoi|comment|quand|où|qui|ce qu[ei'’]|"
        r"quel\w*|différence\w*)\b)"
        r"|^que (?:faut-il|dois-tu|devez-vous|sais-tu|savez-vous|peut-on) (?:savoir|retenir|dire|"
        r"de|sur)\b"
        r"|^qu['’]est-ce qui est (?:important|intéressant|particulier)\b"
    ),
    unnamed=_pattern(
        r"^et (?:alors|après|ensuite|puis|ça|cela)\b|^(?:et )?quoi (?:d['’]autre|encore)\b"
        r"|^que se pass(?:e|a)-t-il (?:ensuite|alors|après|ici)\b"
        r"|^(?:pourquoi|comment|quand|où|qu['’]est-ce que) (?:est-ce(?! qu)|ça|cela|c['’])\b"
        r"|^(?:pourquoi|comment|quand|où|que|qui) (?:l['’]|le |la |les |s['’]|en )?"
        r"(?!faut|fait|pleut|existe|passe|agit|est-il passé)[\w]+-(?:t-)?(?:il|elle|ils|elles)\b"
    ),
    asks_list=_pattern(
        r"^(?:cit\w+|nomm\w+|énumér\w+|donn\w+|list\w+)\b[^.?!]*s\b"
        rf"|\bquel(?:le)?s (?:sont|étaient) (?:les|ses) (?:{_NUMBERS['fr']}|principa\w+|"
        r"différent\w+|types|parties|étapes)\b"
    ),
    joined="et",
    vocabulary=_pattern(
        r"\bsignifie\b|\bsignification\b|\btradui|\bdit-on\b|\bmot\b|\bpluriel\b|\bsynonyme|"
        r"\bveut dire\b|\ben (?:anglais|allemand|français|espagnol|italien|latin)\b"
    ),
    choice="ou",
)
# Whatever the language: these questions are too short to tell it.
VOCABULARY = _pattern(
    "|".join(f"(?:{each.vocabulary.pattern})" for each in (EN, DE, ES, FR))
    + r"|\bparticip|\binfinitiv|\bpartizip|\bpréfixe?\b|\bprefix|\bsuffix"
)
CHOICE = _pattern(r"(?<!\w)(?:or|oder|o|u|ou|versus|vs)(?!\w)|^[^:?,]+,[^:?]+:")
PHRASES = {"en": EN, "de": DE, "es": ES, "fr": FR}
# Asks for a statement to be judged.
TRUE_OR_FALSE = _pattern(
    r"\b(?:true or false|right or wrong|richtig oder falsch|wahr oder falsch|verdadero o falso|"
    r"vrai ou faux)\b"
)
