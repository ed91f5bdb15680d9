"""What can be fitted: the cards that the same parameters govern, those for all or a preset's."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from flashcards.store import cards
from flashcards.study_settings import EffectiveSettings


@dataclass(frozen=True)
class Group:
    """Cards under one set of parameters: of a preset, or with None those for all cards.

    The cards of a preset that has no parameters of its own count to those for all cards as well.
    """

    preset_id: int | None
    name: str
    settings: EffectiveSettings

    @property
    def own(self) -> list[float] | None:
        """Return the parameters that are set for the group itself; None where there are none."""
        if self.preset_id is not None and not self.settings.has_own_parameters:
            return None
        return list(self.settings.parameters) or None


def groups(settings: EffectiveSettings) -> list[Group]:
    """Return the group of all cards, and one for each preset that a deck uses, by name."""
    presets = {each.preset_id: each for each in settings.decks.values()}
    found = [Group(key, each.preset_name, each) for key, each in presets.items() if key is not None]
    return [Group(None, "", settings), *sorted(found, key=lambda each: each.name.casefold())]


def group_of(settings: EffectiveSettings, preset_id: int | None) -> Group | None:
    """Return a group by its preset; None if no deck uses the preset."""
    return next((each for each in groups(settings) if each.preset_id == preset_id), None)


def card_ids(owner_id: UUID, settings: EffectiveSettings, group: Group) -> frozenset[str] | None:
    """Return the ids of a group's cards, as text; None for all cards of the learner.

    Reads two columns of the cards where decks have presets.
    """
    if not settings.decks:
        return None
    return frozenset(_ids(owner_id, settings, group))


def _ids(owner_id: UUID, settings: EffectiveSettings, group: Group) -> Iterator[str]:
    rows = cards.for_owner(owner_id).with_deleted().columns("id", "deck_ids")
    known: dict[tuple[str, ...], bool] = {}
    for card_id, listed in zip(rows["id"].tolist(), rows["deck_ids"], strict=True):
        decks = tuple(listed)
        if decks not in known:
            governing = settings.of_decks([UUID(each) for each in decks])
            known[decks] = (
                not governing.has_own_parameters
                if group.preset_id is None
                else governing.preset_id == group.preset_id
            )
        if known[decks]:
            yield card_id
