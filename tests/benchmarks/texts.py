"""The text sets of data/, of which data/README.md tells what each has."""

import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


def read_rows(name: str) -> list[dict[str, Any]]:
    """Return the objects of a set by its name, `cards` for data/cards.jsonl."""
    lines = (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
