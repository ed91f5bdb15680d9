"""The report of an import: counts, and the reasons why cards and images were left out."""

from typing import Any

from flashcards.exchange.media import PackageMedia

EXAMPLES_MOST = 5
COUNTS = (
    *("imported", "reviews", "updated", "same", "restored", "long", "images", "sounds"),
    # Reviews of cards that were skipped.
    "reviews_skipped",
)


class Report:
    """Counts over all steps; it is saved with each step, so nothing is counted twice."""

    def __init__(self, known: dict[str, Any]) -> None:
        self.counts: dict[str, int] = {name: int(known.get(name, 0)) for name in COUNTS}
        self.skipped: dict[str, dict[str, Any]] = {**known.get("skipped", {})}
        self.left_out: dict[str, dict[str, Any]] = {**known.get("left_out", {})}
        # What of known cards stayed as it is here, though the file has it otherwise.
        self.kept: dict[str, dict[str, Any]] = {**known.get("kept", {})}
        self.decks: list[str] = [*known.get("decks", ())]
        # The ids of presets that it created.
        self.presets: list[int] = [*known.get("presets", ())]
        # The preset whose settings were taken for all cards, and what was set before.
        self.settings: dict[str, Any] = {**known.get("settings", {})}
        self._media_before = {name: self.counts[name] for name in ("images", "sounds")}
        self._left_out_before = {reason: each["count"] for reason, each in self.left_out.items()}

    def count(self, name: str, number: int = 1) -> None:
        self.counts[name] += number

    def skip(self, reason: str, example: str) -> None:
        """Count a card that was not imported, and keep the first few as examples."""
        _count(self.skipped, reason, example)

    def skip_deck(self, name: str, reason: str) -> None:
        """Count a deck that could not be created; its cards are imported into no deck."""
        _count(self.left_out, reason, name)

    def leave_out(self, reason: str, example: str) -> None:
        """Count something besides cards that was not imported."""
        _count(self.left_out, reason, example)

    def keep(self, reason: str, example: str) -> None:
        """Count a card of which something was not taken over from the file."""
        _count(self.kept, reason, example)

    def take_media(self, files: PackageMedia) -> None:
        self.counts["images"] = self._media_before["images"] + files.images
        self.counts["sounds"] = self._media_before["sounds"] + files.sounds
        for reason, number in files.refused.items():
            before = self._left_out_before.get(reason, 0)
            kept = self.left_out.setdefault(reason, {"count": 0, "examples": []})
            kept["count"] = before + number
            kept["examples"] = kept["examples"] or files.examples[reason]

    def as_json(self) -> dict[str, Any]:
        return {
            **self.counts,
            "skipped": self.skipped,
            "left_out": self.left_out,
            "kept": self.kept,
            "decks": self.decks,
            "presets": self.presets,
            "settings": self.settings,
        }


def _count(reasons: dict[str, dict[str, Any]], reason: str, example: str) -> None:
    kept = reasons.setdefault(reason, {"count": 0, "examples": []})
    kept["count"] += 1
    if len(kept["examples"]) < EXAMPLES_MOST:
        kept["examples"].append(example)
