"""Small words of the large languages, which say little by themselves: "the", "ist", "qué".

Written as `search_words.plain` makes them: folded and without accents.
"""

# ruff: noqa: RUF001 - Cyrillic letters

from collections.abc import Collection

# Of each language those that mean nothing more in another.
_SMALL = {
    "english": (
        "the a an of to in on at for by with from and is are was were be been am do does did has "
        "have had it its this that these those what which who whom whose when where why how as "
        "into than then there their they he she his him her we you your i me my can could would "
        "should not s t"
    ),
    "german": (
        "der das dem des ein eine einer eines einem einen und oder ist sind wird werden wurde "
        "wurden im am zu zum zur von vom mit auf aus bei nach uber unter durch als auch wie was "
        "wer wen wem wessen wo wann warum wieso weshalb welche welcher welches welchem welchen es "
        "sie er ich du wir ihr sich nicht kein keine wohin woher heisst heissen nennt bedeutet"
    ),
    "spanish": (
        "el la los las lo un una unos unas de del al y e en con por para que cual cuales quien "
        "quienes como cuando donde cuanto cuantos cuanta cuantas es esta estan fue fueron ser se "
        "su sus significa"
    ),
    "french": (
        "le les du au aux et ou dans pour par avec sans ce cet cette ces qui quoi quel quelle "
        "quels quelles quand pourquoi combien est sont etait etaient il elle ils elles on ne pas "
        "signifie d l qu j m n c"
    ),
    "italian": (
        "il gli i uno di da dal dalla nel nella che chi cosa quale quali perche dove quando sono "
        "si delle della dei degli"
    ),
    "portuguese": (
        "os as um uma do da dos das no na nos nas em qual quais quem onde quanto foi sao pelo "
        "pela ao com"
    ),
    "dutch": (
        "de het een en op te voor met aan bij uit naar wat wie waar wanneer waarom welke hoe zijn "
        "wordt worden"
    ),
    "russian": (
        "и в во на с со к ко о об от до из у за по для что кто где когда почему как какои какая "
        "какое какие это не"
    ),
}
# Of each language those that name something in another: they are small where they stand with
# others of their own language.
_AMBIGUOUS = {
    "english": "one so will may or if",
    "german": "die den war hat man hatte fur",
    "spanish": "mas si no han hay",
    "french": "sur comment son",
    "italian": "come",
    "dutch": "van",
}

_WORDS = {language: frozenset(words.split()) for language, words in _SMALL.items()}
_ALL = frozenset().union(*_WORDS.values())
# By an ambiguous word: the small words that its language has alone.
_BESIDE = {
    word: _WORDS[language].difference(*(_WORDS[each] for each in _WORDS if each != language))
    for language, words in _AMBIGUOUS.items()
    for word in words.split()
}


def is_small(word: str, others: Collection[str]) -> bool:
    """Tell whether a plain word says little by itself, `others` being the words it stands with."""
    return word in _ALL or not _BESIDE.get(word, frozenset()).isdisjoint(others)
