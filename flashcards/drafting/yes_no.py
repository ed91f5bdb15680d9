"""Questions that can be answered with yes or no, by the rules of the language they are asked in.

A word may ask for a fact in one language and for a yes in another: "Was ist Osmose?" is German for
"What is osmosis?". So the language comes first, told by the little words of both sides.
"""

import re

from flashcards.drafting.little_words import language_of
from flashcards.drafting.phrases import PHRASES

# What may stand between the verb and its end in a language, and "or", which asks for a choice.
_QUESTIONS = {
    "en": (
        r"is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|shall|should|may|might|"
        r"must|isn['’]t|aren['’]t|doesn['’]t|didn['’]t",
        "or",
    ),
    "de": (
        r"ist|sind|war|waren|bin|bist|hat|haben|hatte|hatten|kann|können|konnte|konnten|darf|"
        r"dürfen|muss|müssen|musste|mussten|soll|sollen|sollte|will|wollen|wird|werden|wurde|"
        r"wurden|gibt|gab|gehört|gehören|stimmt|liegt|liegen|lebt|leben|besteht|enthält|enthalten|"
        r"kommt|kommen|gilt|braucht|brauchen|bedeutet|stammt|existiert|existieren",
        "oder",
    ),
    "fr": (
        r"est-ce qu[e'’](?! est-ce)|(?:est|sont|était|étaient|fut|ont|peut|peuvent|doit|doivent)-"
        r"(?:il|elle|ce|ils|elles|on)|(?:y )?a-t-(?:il|elle|on)|existe-t-il",
        "ou",
    ),
    "es": (
        r"es|son|era|eran|fue|fueron|está|están|hay|había|puede|pueden|tiene|tienen|ha|han|existe|"
        r"existen|debe|deben",
        "o",
    ),
    "it": (
        r"è|sono|era|erano|fu|furono|c['’]è|ci sono|può|possono|ha|hanno|esiste|esistono|deve|"
        r"devono",
        "o",
    ),
    "pt": (
        r"é|são|era|eram|foi|foram|está|estão|há|pode|podem|tem|têm|existe|existem|deve|devem",
        "ou",
    ),
    "nl": (
        r"is|zijn|was|waren|heeft|hebben|had|hadden|kan|kunnen|mag|mogen|moet|moeten|zal|zullen|"
        r"wordt|worden|werd|werden|bestaat|bestaan",
        "of",
    ),
}
_ASKS = {
    language: re.compile(rf"^[¿\s]*(?:{verbs})\b(?!.*\b{choice}\b)[^?]*\?\s*$", re.IGNORECASE)
    for language, (verbs, choice) in _QUESTIONS.items()
}
_NAME = r"(?-i:[A-ZÄÖÜÉÈÁÍÓÚÑ])"
# A verb at the beginning, by its ending and by what follows; or a verb that is known, within.
_VERB_FIRST = {
    "de": (
        re.compile(
            r"^[a-zäöüß]+(?:t|te|en|ten|st) (?:der|die|das|den|dem|ein|eine|einen|es|er|sie|man|"
            rf"wir|ihr|du|ich|alle|jede\w*|viele|diese\w*|sich|kein\w*|sein\w*|{_NAME})",
            re.IGNORECASE,
        ),
    ),
    "es": (
        re.compile(
            r"^¿?\s*(?:se |no |l[oae]s? )?[a-záéíóúñ]+(?:a|e|an|en|ó|on|ía|ían|aba|aban) (?:el|la|"
            rf"los|las|un|una|unos|unas|su|sus|este|esta|todos|todas|siempre|{_NAME})",
            re.IGNORECASE,
        ),
        re.compile(
            r"^¿?.*\b(?:es|son|era|eran|fue|fueron|está|están|tiene|tienen|hay|puede|pueden|"
            r"pertenece|pertenecen)\b",
            re.IGNORECASE,
        ),
    ),
    "fr": (
        # "La Terre est-elle ronde ?": the subject comes first, and is named again.
        re.compile(r"^.*\w-(?:t-)?(?:il|elle|ils|elles|on|ce|tu|vous)\b", re.IGNORECASE),
        re.compile(r"^.*\b(?:est|sont|était|étaient|a|ont|peut|peuvent)\b", re.IGNORECASE),
    ),
}
_RUSSIAN = re.compile(r"(?:^|\s)ли(?![\w-])(?!.*\sили\s)[^?]*\?\s*$", re.IGNORECASE)
_JAPANESE = re.compile(
    r"^(?!.*(?:何|なに|なん|誰|だれ|どこ|いつ|なぜ|どう|どの|どれ|どちら|どんな|いく|か、))"
    r".*(?:か|の)[。？?]?\s*$"
)
_CHINESE = re.compile(
    r"吗\s*[？?]?\s*$|^(?!.*还是).*(?:是不是|有没有|能不能|会不会|对不对).*[？?]\s*$"
)
# Scripts that one language or a few have tell it themselves; kana before what they are mixed with.
_BY_SCRIPT = (
    (re.compile(r"[\u0400-\u04ff]"), _RUSSIAN),
    (re.compile(r"[\u3040-\u30ff]"), _JAPANESE),
    (re.compile(r"[\u4e00-\u9fff]"), _CHINESE),
)
_SAYS = re.compile(
    r"^(?:yes|yeah|nope)\b"
    r"|^(?:no|true|false|correct|incorrect)(?=\s*(?:[.,;:!]|$)|\s+(?:it|they|he|she|because|but)\b)"
    r"|^(?:ja|nein|stimmt|richtig|falsch|oui|non|vrai|faux|sí|vero|falso|verdadero|sim|não|nee|"
    r"да|нет|はい|いいえ|是的?|不是|对|不对)(?=\s*(?:[.,;:!。、\uff0c\uff01]|$))",
    re.IGNORECASE,
)


def is_yes_no(question: str, answer: str) -> bool:
    """Tell whether a card can be answered with yes or no."""
    if _SAYS.match(answer):
        return True
    for script, asks in _BY_SCRIPT:
        if script.search(question):
            return asks.search(question) is not None
    language = language_of(question, answer)
    if _ASKS[language].match(question):
        return True
    return language in PHRASES and _begins_with_verb(question, language)


def _begins_with_verb(question: str, language: str) -> bool:
    """Tell whether a question without a word that asks begins with its verb, or has it inside."""
    phrases = PHRASES[language]
    if not question.rstrip().endswith("?") or phrases.asks.search(question):
        return False
    if re.search(rf"(?<!\w){phrases.choice}(?!\w)", question, re.IGNORECASE):
        return False
    return any(pattern.match(question) for pattern in _VERB_FIRST.get(language, ()))
