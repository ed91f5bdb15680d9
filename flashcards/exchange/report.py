"""The report of an import: counts, and the reasons why cards and images were left out."""

from typing import Any

from flashcards.exchange.media import Pictures

EXAMPLES_MOST = 5
COUNTS = ("imported", "reviews", "updated", "same", "restored", "long", "images")


class Report:
    """Counts over all steps; it is saved with each step, so nothing is counted twice."""

    def __init__(self, known: dict[str, Any]) -> None:
        self.counts: dict[str, int] = {name: int(known.get(name, 0)) for name in COUNTS}
        self.skipped: dict[str, dict[str, Any]] = {**known.get("skipped", {})}
        self.left_out: dict[str, dict[str, Any]] = {**known.get("left_out", {})}
        self.decks: list[str] = [*known.get("decks", ())]
        self._images_before = self.counts["images"]
        self._left_out_before = {reason: each["count"] for reason, each in self.left_out.items()}

    def count(self, name: str, number: int = 1) -> None:
        self.counts[name] += number

    def skip(self, reason: str, example: str) -> None:
        """Count a card that was not imported, and keep the first few as examples."""
        kept = self.skipped.setdefault(reason, {"count": 0, "examples": []})
        kept["count"] += 1
        if len(kept["examples"]) < EXAMPLES_MOST:
            kept["examples"].append(example)

    def skip_deck(self, name: str, reason: str) -> None:
        """Count a deck that could not be created; its cards are imported into no deck."""
        self.leave_out(reason, name)

    def leave_out(self, reason: str, example: str) -> None:
        """Count something that a card lacks, and keep the first few as examples."""
        kept = self.left_out.setdefault(reason, {"count": 0, "examples": []})
        kept["count"] += 1
        if len(kept["examples"]) < EXAMPLES_MOST:
            kept["examples"].append(example)

    def take_pictures(self, pictures: Pictures) -> None:
        self.counts["images"] = self._images_before + pictures.stored
        for reason, number in pictures.refused.items():
            before = self._left_out_before.get(reason, 0)
            kept = self.left_out.setdefault(reason, {"count": 0, "examples": []})
            kept["count"] = before + number
            kept["examples"] = kept["examples"] or pictures.examples[reason]

    def as_json(self) -> dict[str, Any]:
        return {
            **self.counts,
            "skipped": self.skipped,
            "left_out": self.left_out,
            "decks": self.decks,
        }
