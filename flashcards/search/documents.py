"""Uploaded files, found by their names and by the words in them."""

from uuid import UUID

from flashcards.models import Document
from memoryloop import names, search_words

# Texts are read through without an index: of so many of the newest files, for words that tell.
READ_THROUGH = 30
FEWEST_LETTERS = 4


def find(*, owner_id: UUID, text: str, limit: int) -> list[Document]:
    """Return the owner's files without their texts, those first whose names fit best.

    Behind them come those in whose text all of the words occur. None for no words. Two SQL queries.
    """
    terms = search_words.terms(text)
    if not terms:
        return []
    kept = Document.objects.filter(owner_id=owner_id, deleted_at=None)
    listed = list(kept.only("id", "name"))
    fits = [(names.fit(terms, document.name), document) for document in listed]
    ranked = sorted((pair for pair in fits if pair[0]), key=lambda pair: -pair[0])
    named = [document for _, document in ranked]
    telling = [term.word for term in terms if not term.is_common]
    if len(named) >= limit or not any(len(word) >= FEWEST_LETTERS for word in telling):
        return named[:limit]
    others = [document.id for document in listed if document not in named][:READ_THROUGH]
    inside = kept.filter(id__in=others).only("id", "name")
    for word in telling:
        inside = inside.filter(text__icontains=word)
    return [*named, *inside[:limit]][:limit]
