"""Questions that can be answered with yes or no, by the rules of the language they are asked in.

A word may ask for a fact in one language and for a yes in another: "Was ist Osmose?" is German for
"What is osmosis?". So the language comes first, told by the little words of both sides.
"""

import re

# The commonest little words of each language that hardly any other has.
_LITTLE_WORDS = {
    "en": "the of and to is are was were what which who when where why how does did do it its "
    "this by with from for that an a as has have had be been there name he she they you your",
    "de": "der die das dem den des ein eine einen einem einer eines und ist sind war waren was wer "
    "wie wo wann warum wieso welche welcher welches welchem welchen wem wen von zu zum zur mit auf "
    "für nicht sich man es im am bei aus nach hat haben wird werden durch über unter",
    "fr": "le la les un une des du et est sont était que qui quoi quel quelle quels quelles où "
    "quand comment pourquoi combien dans pour par sur avec ce cette il elle au aux ne pas",
    "es": "el la los las un una unos unas y es son fue era qué quién cuál cuáles dónde cuándo cómo "
    "por para en con del al que de se hay cuántos cuántas",
    "it": "il lo la gli le un una e è sono era che chi cosa quale quali dove quando come perché "
    "quanto quanti di del della dei nel nella per con si cos",
    "pt": "o a os as um uma e é são foi era que quem qual quais onde quando como porque quanto "
    "quantos de do da dos das no na em para por com se não",
    "nl": "de het een en is zijn was waren wat wie welke waar wanneer waarom hoe van in op met "
    "voor door niet aan naar bij uit er heeft hebben wordt worden",
}
_SETS = {language: frozenset(words.split()) for language, words in _LITTLE_WORDS.items()}
_WORD = re.compile(r"[^\W\d_]+")
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
# In French also "La Terre est-elle ronde ?": the subject comes first, and is named again.
_FRENCH_INVERSION = re.compile(
    r"^(?!.*\b(?:qu[e'’]|qui|quoi|quel\w*|où|quand|comment|pourquoi|combien|ou)\b)"
    r".*\w-(?:t-)?(?:il|elle|ils|elles|on|ce)\b[^?]*\?\s*$",
    re.IGNORECASE,
)
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
    r"^(?:yes|no|true|false|yeah|nope|correct|incorrect)\b"
    r"|^(?:ja|nein|stimmt|richtig|falsch|oui|non|vrai|faux|sí|vero|falso|verdadero|sim|não|nee|"
    r"да|нет|はい|いいえ|是的?|不是|对|不对)(?=\s*(?:[.,;:!。、\uff0c\uff01]|$))",
    re.IGNORECASE,
)


def language_of(question: str, answer: str = "") -> str:
    """Return the language of a card's text, "en" where nothing tells another."""
    words = [word.casefold() for word in _WORD.findall(f"{question} {answer}")]
    counts = {language: sum(word in little for word in words) for language, little in _SETS.items()}
    best = max(counts.values())
    likely = [language for language, count in counts.items() if count == best]
    if "en" not in likely:
        return likely[0]
    # A verb follows "Was" in German at once, in English only what it is said of: "Was light …?".
    if "de" in likely and best and re.match(r"was [a-zäöüß]+(?:t|en|te|ten)\b", question.lower()):
        second = question.split()[1]
        return "de" if second.islower() else "en"
    return "en"


def is_yes_no(question: str, answer: str) -> bool:
    """Tell whether a card can be answered with yes or no."""
    if _SAYS.match(answer):
        return True
    for script, asks in _BY_SCRIPT:
        if script.search(question):
            return asks.search(question) is not None
    language = language_of(question, answer)
    if language == "fr" and _FRENCH_INVERSION.match(question):
        return True
    return _ASKS[language].match(question) is not None
