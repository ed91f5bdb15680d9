"""The text sets of data/, of which data/README.md tells what each has."""

import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
# Who wrote a text: whoever wrote what it measures, or somebody else, at two times.
SETS = ("own", "blind", "fresh")
# Sets for recall and duplicates that were written when the others had been looked at.
LATEST = "fresh_2026_12"


def read_rows(name: str, of: str = "own") -> list[dict[str, Any]]:
    """Return the objects of a set by its name, `cards` for data/cards.jsonl."""
    file = name if of == "own" else f"{name}_{of}"
    lines = (DATA / f"{file}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
