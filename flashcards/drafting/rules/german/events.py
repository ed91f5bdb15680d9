"""German sentences that say who did something, when, or where something is."""

import re
from collections.abc import Iterator

from flashcards.drafting.rules.frame import (
    NAME,
    Made,
    Statement,
    cut_out,
    has_join,
    sentence_of,
    without_date,
    words_of,
)
from flashcards.drafting.rules.german import patterns
from flashcards.drafting.rules.german.subjects import (
    is_name,
    is_nominative,
    is_specific,
    subject_of,
)


def passive(statement: Statement) -> Iterator[Made]:
    """Read "X wurde 1896 von Y entdeckt": von wem, und wann."""
    date = ""
    if match := patterns.PASSIVE_DATED.match(statement.text):
        date = match["date"]
    else:
        match = patterns.PASSIVE.match(statement.text)
    if match is None or not patterns.HAPPENS.match(match["participle"]):
        return
    plural = match["verb"] == "wurden"
    subject = subject_of(match["subject"][0].upper() + match["subject"][1:])
    if subject is None or not is_nominative(subject):
        return
    if plural and has_join(subject, patterns.JOINS):
        return
    if not is_specific(subject, statement, plural=plural):
        return
    middle = (match["middle"] or "").strip()
    if not date:
        middle, date = without_date(middle, patterns.IN)
    elif patterns.IN.search(middle):
        return
    if re.search(r"\d{3,4}", middle) or has_join(middle, patterns.UNSURE):
        return
    participle, verb = match["participle"], match["verb"]
    by = patterns.BY.search(middle)
    if by and all(is_name(name) for name in re.findall(NAME, by["agent"])):
        left = cut_out(middle, by)
        if not re.match(r"und\b", left) and not has_join(left, patterns.JOINS):
            left = f" {left}" if left else ""
            said = f"{by['title']}{by['agent']}" if by["title"] else by["agent"]
            answer = f"Von {said}" if by["title"] else said
            yield Made(
                f"Von wem wurde{'n' if plural else ''} {subject}{left} {participle}?",
                sentence_of(answer),
            )
            if date:
                yield Made(f"Wann {verb} {subject}{left} {participle}?", sentence_of(date))
        return
    other = patterns.JOINS | {"von", "durch", "nach", "für", "aus"}
    if date and not has_join(middle, other):
        left = f" {middle}" if middle else ""
        yield Made(f"Wann {verb} {subject}{left} {participle}?", sentence_of(date))


def active(statement: Statement) -> Iterator[Made]:
    """Read "Robert Koch entdeckte 1882 den Erreger der Tuberkulose": wer, und wann."""
    date = ""
    if match := patterns.ACTIVE_DATED.match(statement.text):
        date = match["date"]
    else:
        match = patterns.ACTIVE.match(statement.text)
    if match is None or match["verb"] not in patterns.MAKES:
        return
    agent, verb, rest = match["agent"], match["verb"], match["rest"].rstrip()
    if not all(is_name(name) for name in re.findall(NAME, agent)):
        return
    plural = verb.endswith("en")
    if plural != (" und " in agent):
        return
    clause = re.search(r", dass (?P<that>[^,;]{6,120})$", rest)
    main = (
        rest[: clause.start()].strip()
        if clause
        else re.split(r",| und (?=[a-zäöü]+te\b)", rest.strip(), maxsplit=1)[0]
    )
    if has_join(main, patterns.POINTING | patterns.JOINS | patterns.POSSESSIVES):
        return
    if verb in patterns.SEPARATED and not re.search(
        rf"(?:^| )(?:{patterns.SEPARATED[verb]})$", main
    ):
        return
    bare, inner = without_date(main, patterns.IN) if not date else (main, "")
    if not clause and (len(words_of(bare)) < 2 or not re.search(r"[A-ZÄÖÜ]", bare)):
        return
    if re.fullmatch(r"(?:den|die|das|der) \w+", bare) and (
        bare.split()[1].casefold() in patterns.GENERIC
    ):
        return
    that = f", dass {clause['that']}" if clause else ""
    when = f" {date[0].lower()}{date[1:]}" if date else ""
    if plural and not verb.endswith("ten"):
        return
    # "Wer" takes the singular: "entdeckten", "entdeckte".
    singular = verb.removesuffix("n") if plural else verb
    yield Made(f"Wer {singular}{when} {main}{that}?".replace(" ,", ","), sentence_of(agent))
    stamp = date or inner
    if stamp and not re.search(r"\d{3,4}", bare):
        shown = f" {bare}" if bare else ""
        yield Made(f"Wann {verb} {agent}{shown}{that}?", sentence_of(stamp))


def happened(statement: Statement) -> Iterator[Made]:
    """Read "Die Französische Revolution begann 1789"."""
    match = patterns.HAPPENED.match(statement.text)
    if match is None or has_join(f"{match['subject']} {match['rest']}", patterns.JOINS):
        return
    subject = subject_of(match["subject"])
    left, date = without_date(match["rest"], patterns.IN)
    if subject is None or not date or not is_nominative(subject) or re.search(r"\d", left):
        return
    fits = {"trat": left == "in Kraft", "fand": left.endswith("statt")}
    if not fits.get(
        match["verb"], match["verb"] not in {"fiel", "erschien", "öffnete"} or not left
    ):
        return
    if has_join(left, patterns.NOT_A_DATE) or not is_specific(subject, statement):
        return
    yield Made(f"Wann {match['verb']} {subject}{' ' if left else ''}{left}?", sentence_of(date))


def where(statement: Statement) -> Iterator[Made]:
    """Read "Die Atacama-Wüste liegt in Chile"."""
    match = patterns.WHERE.match(statement.text)
    if match is None or has_join(match["subject"], patterns.JOINS):
        return
    subject = subject_of(match["subject"])
    if subject is None or not is_nominative(subject):
        return
    if has_join(match["place"], patterns.POINTING) or patterns.TIME.search(match["place"]):
        return
    verb, _, reflexive = match["verb"].partition(" ")
    plural = verb in {"liegen", "befinden"}
    if not is_specific(subject, statement, plural=plural) or re.search(r"\d", match["place"]):
        return
    words = f"{verb} sich" if reflexive else verb
    yield Made(f"Wo {words} {subject}?", sentence_of(match["place"]))
