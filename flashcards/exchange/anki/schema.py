"""Anki's schema 11, which all of its versions read: tables, and rows of every collection."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flashcards.domain.records import Kind
from flashcards.exchange.anki.notes import NOTE_FIELD, OWN_PREFIX

# Fixed ids: packages that are exported at different times share their note types.
TYPE_IDS = {Kind.BASIC: 1767225600001, Kind.REVERSED: 1767225600002, Kind.CLOZE: 1767225600003}
FIELDS = {
    Kind.BASIC: ("Front", "Back", NOTE_FIELD),
    Kind.REVERSED: ("Front", "Back", NOTE_FIELD),
    Kind.CLOZE: ("Text", "Back Extra", NOTE_FIELD),
}
_NAMES = {
    Kind.BASIC: "Basic",
    Kind.REVERSED: "Basic (and reversed card)",
    Kind.CLOZE: "Cloze",
}
_NOTE = "{{#Note}}<div class=note>{{Note}}</div>{{/Note}}"
_RULE = "{{FrontSide}}\n\n<hr id=answer>\n\n"
_TEMPLATES = {
    Kind.BASIC: [("Card 1", "{{Front}}", f"{_RULE}{{{{Back}}}}\n{_NOTE}")],
    Kind.REVERSED: [
        ("Card 1", "{{Front}}", f"{_RULE}{{{{Back}}}}\n{_NOTE}"),
        ("Card 2", "{{Back}}", f"{_RULE}{{{{Front}}}}\n{_NOTE}"),
    ],
    Kind.CLOZE: [
        ("Cloze", "{{cloze:Text}}", f"{{{{cloze:Text}}}}<br>\n{{{{Back Extra}}}}\n{_NOTE}")
    ],
}
_CSS = """.card { font-family: sans-serif; font-size: 20px; line-height: 1.5; text-align: center;
  color: black; background-color: white; }
.card pre, .card ul, .card ol, .card blockquote { text-align: left; }
.card table { margin: auto; border-collapse: collapse; }
.card td, .card th { border: 1px solid; padding: 0.2em 0.5em; }
.cloze { font-weight: bold; color: blue; }
.note { margin-top: 1em; font-size: 80%; }
"""
_LATEX_PRE = (
    "\\documentclass[12pt]{article}\n\\special{papersize=3in,5in}\n\\usepackage{amssymb,amsmath}\n"
    "\\pagestyle{empty}\n\\setlength{\\parindent}{0in}\n\\begin{document}\n"
)

TABLES = """
CREATE TABLE col (id integer PRIMARY KEY, crt integer NOT NULL, mod integer NOT NULL,
  scm integer NOT NULL, ver integer NOT NULL, dty integer NOT NULL, usn integer NOT NULL,
  ls integer NOT NULL, conf text NOT NULL, models text NOT NULL, decks text NOT NULL,
  dconf text NOT NULL, tags text NOT NULL);
CREATE TABLE notes (id integer PRIMARY KEY, guid text NOT NULL, mid integer NOT NULL,
  mod integer NOT NULL, usn integer NOT NULL, tags text NOT NULL, flds text NOT NULL,
  sfld integer NOT NULL, csum integer NOT NULL, flags integer NOT NULL, data text NOT NULL);
CREATE TABLE cards (id integer PRIMARY KEY, nid integer NOT NULL, did integer NOT NULL,
  ord integer NOT NULL, mod integer NOT NULL, usn integer NOT NULL, type integer NOT NULL,
  queue integer NOT NULL, due integer NOT NULL, ivl integer NOT NULL, factor integer NOT NULL,
  reps integer NOT NULL, lapses integer NOT NULL, left integer NOT NULL, odue integer NOT NULL,
  odid integer NOT NULL, flags integer NOT NULL, data text NOT NULL);
CREATE TABLE revlog (id integer PRIMARY KEY, cid integer NOT NULL, usn integer NOT NULL,
  ease integer NOT NULL, ivl integer NOT NULL, lastIvl integer NOT NULL, factor integer NOT NULL,
  time integer NOT NULL, type integer NOT NULL);
CREATE TABLE graves (usn integer NOT NULL, oid integer NOT NULL, type integer NOT NULL);
"""
INDEXES = """
CREATE INDEX ix_notes_usn ON notes (usn);
CREATE INDEX ix_notes_csum ON notes (csum);
CREATE INDEX ix_cards_usn ON cards (usn);
CREATE INDEX ix_cards_nid ON cards (nid);
CREATE INDEX ix_cards_sched ON cards (did, queue, due);
CREATE INDEX ix_revlog_usn ON revlog (usn);
CREATE INDEX ix_revlog_cid ON revlog (cid);
"""


@dataclass(frozen=True)
class Head:
    """The head of a collection: where its day numbers begin, and its time zone."""

    created: datetime
    # Minutes west of Greenwich.
    offset: int
    rollover_hour: int
    now: datetime


def head_row(
    head: Head,
    decks: Iterable[tuple[int, str, int]],
    presets: Mapping[int, dict[str, Any]],
    next_position: int,
) -> tuple[Any, ...]:
    """Return the one row of `col`; a deck has an id, a name and the id of its preset."""
    seconds = round(head.now.timestamp())
    conf = {
        "activeDecks": [1], "addToCur": True, "collapseTime": 1200, "curDeck": 1,
        "curModel": str(TYPE_IDS[Kind.BASIC]), "dayLearnFirst": False, "dueCounts": True,
        "estTimes": True, "newSpread": 0, "nextPos": next_position, "sortBackwards": False,
        "sortType": "noteFld", "timeLim": 0, "schedVer": 2, "rollover": head.rollover_hour,
        "creationOffset": head.offset, "fsrs": True,
    }  # fmt: skip
    models = {str(TYPE_IDS[kind]): _model(kind, seconds) for kind in TYPE_IDS}
    named = {str(deck_id): _deck(deck_id, name, preset, seconds) for deck_id, name, preset in decks}
    options = {
        str(preset_id): _options(preset_id, of, seconds) for preset_id, of in presets.items()
    }
    crt = round(head.created.timestamp())
    parts: tuple[dict[str, Any], ...] = (conf, models, named, options, {})
    return (
        *(1, crt, seconds, seconds * 1000, 11, 0, 0, 0),
        *(json.dumps(part, ensure_ascii=False) for part in parts),
    )


def _model(kind: Kind, seconds: int) -> dict[str, Any]:
    return {
        "id": TYPE_IDS[kind],
        "name": OWN_PREFIX + _NAMES[kind],
        "type": int(kind is Kind.CLOZE),
        "mod": seconds, "usn": -1, "sortf": 0, "did": 1, "vers": [], "tags": [],
        "css": _CSS, "latexPre": _LATEX_PRE, "latexPost": "\\end{document}",
        "flds": [
            {
                "name": name, "ord": n, "sticky": False, "rtl": False, "font": "Arial",
                "size": 20, "media": [],
            }
            for n, name in enumerate(FIELDS[kind])
        ],
        "tmpls": [
            {
                "name": name, "ord": n, "qfmt": front, "afmt": back, "did": None, "bqfmt": "",
                "bafmt": "",
            }
            for n, (name, front, back) in enumerate(_TEMPLATES[kind])
        ],
        "req": [[n, "any", [n]] for n in range(len(_TEMPLATES[kind]))],
    }  # fmt: skip


def _deck(deck_id: int, name: str, preset: int, seconds: int) -> dict[str, Any]:
    return {
        "id": deck_id, "name": name, "mod": seconds, "usn": -1, "desc": "", "dyn": 0,
        "conf": preset, "collapsed": False, "browserCollapsed": False,
        "extendNew": 0, "extendRev": 0,
        "newToday": [0, 0], "revToday": [0, 0], "lrnToday": [0, 0], "timeToday": [0, 0],
    }  # fmt: skip


def _options(preset_id: int, own: dict[str, Any], seconds: int) -> dict[str, Any]:
    return {
        **own, "id": preset_id, "mod": seconds, "usn": -1, "dyn": False, "maxTaken": 60,
        "timer": 0, "autoplay": True, "replayq": True,
        "new": {
            "ints": [1, 4, 7], "initialFactor": 2500, "order": 1, "bury": True, "separate": True,
            **own["new"],
        },
        "rev": {
            "ease4": 1.3, "fuzz": 0.05, "minSpace": 1, "ivlFct": 1,
            "bury": True, "hardFactor": 1.2, **own["rev"],
        },
        "lapse": {
            **own["lapse"], "mult": 0, "minInt": 1, "leechFails": 8, "leechAction": 1,
        },
    }  # fmt: skip
