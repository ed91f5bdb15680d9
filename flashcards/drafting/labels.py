"""The learner's decks and tags, of which a model proposes some for the cards of a text."""

from collections import Counter
from collections.abc import Iterable, Mapping
from uuid import UUID

from flashcards.cards import decks
from flashcards.cards.decks import BadDeck
from flashcards.drafting.generation import Labels
from flashcards.models import Deck
from flashcards.store import columns
from memoryloop.folding import fold

TAGS_MOST = 3


def labels_of(owner_id: UUID) -> Labels:
    """Return a learner's decks and tags, those on most cards first. One query and the store's."""
    read = columns(owner_id)
    used: dict[str, Counter[str]] = {}
    for field in ("tags", "deck_ids"):
        pairs, names = read.label_pairs(field, read.alive)
        used[field] = Counter(str(names[n]) for n in pairs[:, 1].tolist())
    plain = Deck.objects.filter(owner_id=owner_id, search="").values_list("id", "name")
    by_use = sorted(plain, key=lambda deck: (-used["deck_ids"][str(deck[0])], deck[1]))
    tags = [tag for tag, _ in used["tags"].most_common()]
    return Labels(tuple(name for _, name in by_use), tuple(tags))


def proposed(labels: Labels, own: Labels) -> Labels:
    """Return what a model proposed as names that can be used, the learner's own as they are."""
    known_decks, known_tags = _by_key(own.decks), _by_key(own.tags)
    named = [known_decks.get(fold(name), name) for name in labels.decks if _is_name(name)]
    tags = dict.fromkeys(known_tags.get(fold(tag), tag) for tag in labels.tags if "," not in tag)
    return Labels(tuple(named[:1]), tuple(tags)[:TAGS_MOST])


def _by_key(names: Iterable[str]) -> Mapping[str, str]:
    return {fold(name): name for name in names}


def _is_name(name: str) -> bool:
    try:
        decks.clean_name(name)
    except BadDeck:
        return False
    return "," not in name
