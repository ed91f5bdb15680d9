"""Where a sentence ends: abbreviations, initials, ordinal numbers, and marks of other scripts."""

import re


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ABBREVIATIONS = word_set(
    """
    e.g i.e cf vs viz al approx ca c fig figs no nos vol p pp ch sec ed eds est inc ltd co corp
    dr mr mrs ms prof st jr sr rev hon gen col capt lt sgt gov sen rep mt ft jan feb mar apr jun
    jul aug sep sept oct nov dec u.s u.k z.b d.h bzw usw u.a ggf evtl nr bd hrsg vgl s p.ej sra
    dra ph.d b.c a.d a.m p.m ggfs sog s.o s.u u.u i.d.r i.a m.e o.ä u.ä z.t z.zt jh jhd jhdt
    jahrh geb gest st.-nr abb abs art aufl bsp bspw bzgl dgl dipl ing einschl engl etw evtl exkl
    frz griech inkl inkl insb kap lat max min mind mio mrd nachm od orig pl rd sg str tab tel
    ugs ungef urspr vl vorm z.hd zzgl v.chr n.chr v chr n p.ex ex cie ét fr mme mlle mgr av apr
    art bd boul chap éd env hab m mm réf tél ap j.-c aprox atte avda dña dpto ed ee.uu gral núm
    págs pág prof profa pte sres srta tel ud uds vd vds ej
    """
)
# Of these, the ones that are words as well, or stand at the end of a sentence.
_MAY_END = word_set(
    """
    al art av mar bd bzw chr co corp ed ex fig h hab inc jh jr ltd m max min mind mm mio mrd n
    no nos p s sec sr usw v est ap tel lat
    """
)
_STARTERS = word_set(
    """
    The A An In On At It He She They This That These Those But And However We You I There When
    After Before For From By As If Since While Although Their His Her Its Many Most Some Der Die
    Das Ein Eine Er Sie Es Im Am Auf Aus Bei Mit Nach Seit Von Zu Dies Diese Dieser Dieses Seine
    Ihre Man Wir Ich Und Aber Doch Auch Als Wenn Später Dort Damit Heute El La Los Las Un Una En
    Este Esta Estos Estas Su Sus Por Para Con Cuando Desde Según También Le Les Une Des Il Elle
    Ils Elles Cette Ces Son Sa Ses Leur Dans Pour Par Avec Mais Et Au
    """
)
# Before a number with a full stop these make it an ordinal in German: "seine 9. Sinfonie".
_BEFORE_ORDINALS = word_set(
    """
    am im vom zum zur der die das dem den des seine seiner seinem seinen ihre ihrer ihrem ihren
    eine einer einem einen bis ab und jeder jedem jeden beim
    """
)
_UNITS = word_set("m s h g l mm cm km kg")
_MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December"
    "|Januar|Februar|März|Mai|Juni|Juli|Oktober|Dezember|janvier|février|mars|avril|mai|juin"
    "|juillet|août|septembre|octobre|novembre|décembre"
)
_ORDINAL_DAY = re.compile(rf"\s(?:{_MONTHS})\b")
_OWN_MARKS = frozenset("\u3002\uff01\uff1f\uff61\u0964\u0965\u06d4\u061f")
_ROMAN = re.compile(r"[IVX]{1,5}")
_LAST_WORD = re.compile(r"(?:[^\W_]+\.)*[^\W_]+$")


def ends_sentence(text: str, match: re.Match[str], start: int) -> bool:
    if match.group()[0] in _OWN_MARKS:
        return True
    after = text[match.end() : match.end() + 40]
    following = after.lstrip().lstrip("\"'“‘«(¿¡[*`")
    if not following or following[0].islower() or not following[0].isalnum():
        # Letters without case, as Arabic and Korean have, may begin a sentence.
        return not following
    if match.group()[0] != ".":
        return True
    word = _LAST_WORD.search(text, max(start, match.start() - 30), match.start())
    if word is None:
        return True
    last = word.group()
    next_word = re.split(r"\W", following, maxsplit=1)[0]
    before = text[max(start, word.start() - 80) : word.start()].split()
    if text[word.start() - 1 : word.start()] == "/" or (
        last in _UNITS and before and before[-1][-1].isdigit()
    ):
        # "30 m/s. The", "5 m. The"
        return True
    # "c." is short for "circa"; "vitamin C." is not.
    if last.casefold() in _ABBREVIATIONS and not (len(last) == 1 and last.isupper()):
        # "U.S. The" and "etc. The" end a sentence, "Dr. The…" does not occur.
        may_end = "." in last or last.casefold() in _MAY_END
        return may_end and next_word in _STARTERS and last.casefold() not in {"e.g", "i.e", "z.b"}
    if len(last) == 1 and last.isalpha():
        # An initial or "M." follows a name or a comma, or opens the sentence; "vitamin C." follows
        # a word.
        # "z. B." is written with a space as well.
        initial = not before or before[-1][0].isupper() or before[-1][1:] in {".", ","}
        initial = initial or before[-1].endswith(",")
        return not initial if last.isupper() else False
    if last.isdigit() and len(last) <= 2:
        ordinal = bool(before) and before[-1].casefold() in _BEFORE_ORDINALS
        if ordinal or _ORDINAL_DAY.match(after):
            return False
    if _ROMAN.fullmatch(last) and before and before[-1][0].isupper():
        # "Gustav II. Adolf"
        return next_word in _STARTERS
    return not ("." in last and last.replace(".", "").isalpha() and next_word not in _STARTERS)
