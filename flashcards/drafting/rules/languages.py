"""Which language a text is in, told by its commonest words."""

import re

_WORD = re.compile(r"[^\W\d_]+")
_LITTLE_WORDS = {
    "en": "the of and to is are was were which who when that this with from for by an has have had "
    "it its their as be been can not or in on at into than but they he she his her",
    "de": "der die das dem den des ein eine einen einem einer eines und ist sind war waren mit auf "
    "für nicht sich von zu zum zur im am bei aus nach hat haben wird werden wurde wurden durch "
    "über "
    "als auch dass oder in an er sie es nur man heißt",
    "es": "el la los las un una unos unas y es son fue era que de del por para en con al se su sus "
    "no lo más como porque hay está fueron entre desde cuando también pero",
    "fr": "le la les un une des du et est sont était fut que qui dans pour par sur avec ce cette "
    "il "
    "elle au aux ne pas en se son sa ses de l d qu on plus a été où ont dont elles ils mais",
    "it": "il lo la gli le un una e è sono era che di del della dei delle nel nella per con si da "
    "in non al dal alla come anche più fu suo sua ha",
    "pt": "o a os as um uma e é são foi era que de do da dos das no na em para por com se não ao "
    "à mais como pelo pela seu sua",
    "nl": "de het een en is zijn was waren van in op met voor door niet aan naar bij uit er heeft "
    "hebben wordt worden werd die dat als ook",
    "sv": "och att det som en ett är av för på med den till var inte om har från i de",
    "pl": "i w na z się jest do to że o nie od po przez był była są oraz jako",
}
_SETS = {language: frozenset(words.split()) for language, words in _LITTLE_WORDS.items()}
# Letters of other scripts.
_ELSEWHERE = re.compile(r"[^\W\d_\u0041-\u024f\u1e00-\u1eff]")
# How many of a text's words are among these, at least, and how many more than of another language.
_SHARE_LEAST = 0.15
_LEAD = 1.15
_CHARACTERS_MOST = 20_000


def language_of(text: str, *, share: float = _SHARE_LEAST, least: int = 1) -> str:
    """Return the code of a text's language, "" if none is known to be likely.

    So many of its words must tell it: a share of them, and at least `least`. A text in another
    script is "other".
    """
    text = text[:_CHARACTERS_MOST]
    words = [word.casefold() for word in _WORD.findall(text)]
    if not words:
        return ""
    if len(_ELSEWHERE.findall(text)) > len(text) / 4:
        return "other"
    counts = sorted(
        ((sum(word in little for word in words), language) for language, little in _SETS.items()),
        reverse=True,
    )
    (most, language), (second, _) = counts[:2]
    sure = most >= max(least, len(words) * share) and most >= second * _LEAD
    return language if sure else ""
