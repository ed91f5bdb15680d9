"""The store check: whether the two stores agree, and whether state = fold(log) for every card.

It works through the cards in parts, so that a million of them fit into memory.
"""

import dataclasses
import functools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction

from chat.models import Message
from flashcards import scheduling, store, study_settings
from flashcards.cards import batch
from flashcards.domain.records import Flashcard, ReviewLog, text_hash
from flashcards.maintenance import check_totals
from flashcards.models import Document, StudySettings
from flashcards.scheduling import ScheduleSettings
from flashcards.store import Change, Manager, StoreError, cards, review_logs

PARTS = 16
EXAMPLES = 5
SCHEDULE_FIELDS = (
    *("state", "step", "stability", "difficulty", "memory", "memory_model"),
    *("due", "last_review", "reps", "lapses", "sequence"),
)
# Those that depend on the parameters.
MEMORY_FIELDS = ("stability", "difficulty", "memory", "memory_model")


@dataclass
class Finding:
    """One kind of fault: how often it was found, and a few examples."""

    kind: str
    # The meaning, in a sentence.
    sentence: str
    count: int = 0
    examples: list[str] = field(default_factory=list)
    repaired: int = 0

    def add(self, example: str) -> None:
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)


SENTENCES = {
    "unreadable": "The card store cannot be read. Nothing is written to it until it can.",
    "rows_missing": "The card store has fewer rows than PostgreSQL recorded.",
    "duplicate_cards": "A card is stored more than once.",
    "duplicate_logs": "A review is stored more than once.",
    "orphan_cards": "A card belongs to an account that does not exist.",
    "orphan_logs": "A review is of a card that is not stored.",
    "missing_logs": "A card's history has gaps or fewer reviews than the card says.",
    "state_is_not_fold": "A card's schedule is not what its reviews give.",
    "memory_outdated": "A card's memory is to be folded anew, with other parameters.",
    "totals_behind": "A learner's statistics count fewer answers than their log has.",
    "image_differs": "A card is stored in two ways that do not agree.",
    "dangling_messages": "A card names a message that was deleted.",
    "dangling_documents": "A card names a document that was deleted.",
    "changed_sources": "The words that a card came from are not where it says.",
    "journal_residue": "A change is still in the journal although it was moved already.",
    "index_missing": "A column that is searched often has no index.",
    "index_behind": "Many rows are not indexed yet.",
}


# The worker mends these by itself.
PASSING = ("journal_residue", "index_missing", "index_behind", "memory_outdated")


@dataclass
class Report:
    findings: list[Finding]
    cards: int
    logs: int
    pending: int

    @property
    def is_clean(self) -> bool:
        return all(f.count == f.repaired for f in self.findings if f.kind not in PASSING)


class _Check:
    """One run of the check."""

    def __init__(self, *, repair: bool) -> None:
        self.repair = repair
        self.found = {kind: Finding(kind, sentence) for kind, sentence in SENTENCES.items()}
        self.cards = 0
        self.logs = 0
        self.owners = frozenset(get_user_model().objects.values_list("pk", flat=True))
        own = StudySettings.objects.values_list("owner_id", flat=True).distinct()
        self.settings = {
            owner_id: study_settings.settings_for(owner_id=owner_id) for owner_id in own
        }

    def run(self, progress: Callable[[float], None]) -> Report:
        try:
            store.check_readable()
        except StoreError as error:
            self.found["unreadable"].add(str(error))
            return Report([self.found["unreadable"]], 0, 0, store.count_pending())
        for example in store.find_missing_rows():
            self.found["rows_missing"].add(example)
        if self.repair:
            # A checkpoint repairs residue: applying a change twice changes nothing.
            store.checkpoint_all()
        pending = store.count_pending()
        self._residue()
        for part, (start, end) in enumerate(_parts()):
            self._part(start, end)
            progress((part + 1) / PARTS)
        self._totals()
        self._indexes()
        if self.repair:
            store.checkpoint_all()
        findings = [finding for finding in self.found.values() if finding.count]
        return Report(findings, self.cards, self.logs, pending)

    def _part(self, start: UUID, end: UUID) -> None:
        found = cards.all_owners().with_deleted().filter(id__gte=start, id__lte=end)
        logs = review_logs.all_owners().filter(flashcard_id__gte=start, flashcard_id__lte=end)
        by_card: dict[UUID, list[ReviewLog]] = defaultdict(list)
        for log in logs:
            by_card[log.flashcard_id].append(log)
        whole = list(found)
        self.cards += len(whole)
        self.logs += sum(len(items) for items in by_card.values())
        self._duplicates("duplicate_cards", store.cards, whole)
        rows = (log for items in by_card.values() for log in items)
        self._duplicates("duplicate_logs", store.review_logs, rows)
        self._sources(whole)
        self._owners(whole)
        self._images(start, end, whole)
        self._histories(whole, by_card)
        known = {card.id for card in whole}
        for card_id, items in by_card.items():
            if card_id not in known:
                self.found["orphan_logs"].add(f"review {items[0].id} of card {card_id}")

    def _duplicates(self, kind: str, manager: Manager[Any], records: Iterable[Any]) -> None:
        repeated = {i: n for i, n in Counter(record.id for record in records).items() if n > 1}
        for record_id, times in repeated.items():
            self.found[kind].add(f"{record_id}, {times} times")
        if self.repair and repeated:
            store.drop_duplicates(manager, list(repeated))
            self.found[kind].repaired += len(repeated)

    def _images(self, start: UUID, end: UUID, cards: Iterable[Flashcard]) -> None:
        differing = set(store.find_differing_images(start, end))
        for card_id in differing:
            self.found["image_differs"].add(f"card {card_id}")
        if self.repair and differing:
            # The image counts: it is written to the columns again.
            wrong = [card for card in cards if card.id in differing]
            self._change(wrong, lambda card: card, "image_differs")

    def _owners(self, cards: Iterable[Flashcard]) -> None:
        gone = [card for card in cards if card.owner_id not in self.owners]
        for card in gone:
            self.found["orphan_cards"].add(f"card {card.id} of account {card.owner_id}")
        if self.repair and gone:
            for owner_id in {card.owner_id for card in gone}:
                with transaction.atomic():
                    store.erase_owner(owner_id)
            self.found["orphan_cards"].repaired += len(gone)

    def _histories(self, cards: Iterable[Flashcard], by_card: dict[UUID, list[ReviewLog]]) -> None:
        for card in cards:
            logs = by_card.get(card.id, [])
            settings = self._settings(card)
            folded = _folded(card, logs=logs, settings=settings)
            # Of a memory of other parameters only what depends on none can be compared.
            is_outdated = scheduling.is_outdated(card, settings)
            compared = [f for f in SCHEDULE_FIELDS if not (is_outdated and f in MEMORY_FIELDS)]
            differing = [f for f in compared if getattr(folded, f) != getattr(card, f)]
            positions = sorted(log.sequence for log in logs)
            if positions != list(range(card.sequence)):
                kind = "missing_logs"
                example = f"card {card.id} says {card.sequence} reviews, {len(logs)} are stored"
            elif differing:
                kind = "state_is_not_fold"
                example = f"card {card.id}: {', '.join(differing)}"
            elif is_outdated:
                kind, example = "memory_outdated", f"card {card.id}: {card.memory_model}"
            else:
                continue
            self.found[kind].add(example)
            # A history with a gap in the middle cannot be repaired; one that is shorter can.
            if self.repair and positions == list(range(len(positions))):
                self._change([card], functools.partial(_folded, logs=logs, settings=settings), kind)

    def _settings(self, card: Flashcard) -> ScheduleSettings:
        """Return the settings for a fold: the memory model and parameters that govern a card."""
        own = self.settings.get(card.owner_id)
        if own is None:
            return scheduling.DEFAULT_SETTINGS
        return study_settings.for_card(own, card).schedule

    def _sources(self, cards: Iterable[Flashcard]) -> None:
        """Check that the messages and documents of cards exist and have the cards' words."""
        texts: dict[UUID, str] = {}
        named = {card.message_id for card in cards if card.message_id}
        texts |= dict(Message.objects.filter(pk__in=named).values_list("pk", "content"))
        named = {card.document_id for card in cards if card.document_id}
        texts |= dict(Document.objects.filter(pk__in=named).values_list("pk", "text"))
        for what in ("message", "document"):
            kind, name = f"dangling_{what}s", f"{what}_id"
            gone = [c for c in cards if getattr(c, name) and getattr(c, name) not in texts]
            for card in gone:
                self.found[kind].add(f"card {card.id}, {what} {getattr(card, name)}")
            if self.repair:
                self._change(gone, functools.partial(_without_source, name=name), kind)
        for card in cards:
            text = texts.get(card.message_id or card.document_id or card.id)
            if text is None or not card.source_hash or card.source_start is None:
                continue
            if text_hash(text[card.source_start : card.source_end]) != card.source_hash:
                self.found["changed_sources"].add(f"card {card.id}")

    def _change(
        self, changed: list[Flashcard], change: Callable[[Flashcard], Flashcard], kind: str
    ) -> None:
        by_owner: dict[UUID, list[Flashcard]] = defaultdict(list)
        for card in changed:
            if card.owner_id in self.owners:
                by_owner[card.owner_id].append(card)
        for owner_id, items in by_owner.items():
            ids = [card.id for card in items]
            # As a Change, which is written even if the card is the same.
            written = batch.change_in_batches(
                owner_id, ids, lambda card: Change(change(card)), include_deleted=True
            )
            self.found[kind].repaired += len(written)

    def _residue(self) -> None:
        for example in store.find_residue():
            self.found["journal_residue"].add(example)

    def _totals(self) -> None:
        for owner_id in self.owners:
            behind = check_totals.missing(owner_id)
            if not behind:
                continue
            self.found["totals_behind"].add(f"account {owner_id}: {behind:,} answers")
            if self.repair:
                store.mend_totals(owner_id)
                self.found["totals_behind"].repaired += 1

    def _indexes(self) -> None:
        for kind, example in store.find_index_faults():
            self.found[kind].add(example)


def check(*, repair: bool = False, progress: Callable[[float], None] = lambda _: None) -> Report:
    """Check both stores, and with `repair` repair what can be. `progress` gets 0 to 1."""
    return _Check(repair=repair).run(progress)


def _without_source(card: Flashcard, *, name: str) -> Flashcard:
    changes: dict[str, Any] = {name: None}
    return dataclasses.replace(card, source_start=None, source_end=None, source_hash="", **changes)


def _folded(card: Flashcard, *, logs: list[ReviewLog], settings: ScheduleSettings) -> Flashcard:
    return scheduling.fold(card, logs, settings=settings)


def _parts() -> Iterator[tuple[UUID, UUID]]:
    """Yield the first and last id of each part of all ids."""
    size = 2**128 // PARTS
    for part in range(PARTS):
        yield UUID(int=part * size), UUID(int=(part + 1) * size - 1)
