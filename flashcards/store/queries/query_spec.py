"""The query spec: which rows a query asks for, in which order, and which slice of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from flashcards.domain.records import ERASED_AT
from flashcards.store.pending import Pending
from flashcards.store.rows.filters import Condition, Expression, Not, condition
from flashcards.store.rows.schema import FLASHCARDS, TableSpec

# Up to so many keys at once it pays to ask for nothing but the keys.
KEYS_MOST = 5_000


@dataclass(frozen=True)
class QuerySpec:
    """The rows of a table that are asked for, as conditions and as a test in Python."""

    spec: TableSpec
    # None reads all owners, which only `Manager.all_owners` asks for.
    owner_id: UUID | None
    conditions: tuple[Expression, ...] = ()
    ordering: tuple[str, ...] = ()
    with_deleted: bool = False
    offset: int = 0
    limit: int | None = None
    nothing: bool = False

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Return the fields to sort by; the id decides between equals."""
        fields = self.ordering or self.spec.ordering
        return fields if "id" in {f.lstrip("-") for f in fields} else (*fields, "id")

    @cached_property
    def key(self) -> Condition | None:
        """Return the condition that says by itself which few rows are meant, if there is one."""
        for part in self.conditions:
            if (
                isinstance(part, Condition)
                and part.field in self.spec.keys
                and (
                    part.lookup == "exact" or (part.lookup == "in" and len(part.value) <= KEYS_MOST)
                )
            ):
                return part
        return None

    def overlay(self, pending: Pending) -> Mapping[UUID, Any]:
        """Return the records that are pending, by id."""
        return pending.cards if self.spec is FLASHCARDS else pending.logs

    def fresh(self, pending: Pending) -> list[Any]:
        """Return the rows that are pending, in no order."""
        overlay, key = self.overlay(pending), self.key
        records: Iterable[Any] = overlay.values()
        if key is not None and key.field == "id":
            ids = (key.value,) if key.lookup == "exact" else dict.fromkeys(key.value)
            records = [overlay[each] for each in ids if each in overlay]
        return [record for record in records if self.matches(record)]

    def matches(self, record: Any) -> bool:
        if self.spec.has_bin and record.deleted_at == ERASED_AT:
            return False
        return all(part.matches(record) for part in self.all_conditions)

    def stored_conditions(
        self, pending: Pending, overlay: Mapping[UUID, Any]
    ) -> Sequence[Expression]:
        """Return what holds of stored rows that count: there is nothing newer of them."""
        conditions = list(self.all_conditions)
        if overlay:
            conditions.append(Not(condition(self.spec, "id__in", list(overlay))))
        if pending.erased_cards and self.spec is not FLASHCARDS:
            erased = condition(self.spec, "flashcard_id__in", list(pending.erased_cards))
            conditions.append(Not(erased))
        if self.owner_id is None and pending.erased:
            erased = condition(self.spec, "owner_id__in", list(pending.erased))
            conditions.append(Not(erased))
        return conditions

    @cached_property
    def all_conditions(self) -> tuple[Expression, ...]:
        """Return the conditions, the owner and the trash among them."""
        conditions = list(self.conditions)
        if self.owner_id is not None:
            conditions.insert(0, condition(self.spec, "owner_id", self.owner_id))
        if self.spec.has_bin and not self.with_deleted:
            conditions.append(condition(self.spec, "deleted_at__isnull", True))
        return tuple(conditions)
