"""Signal handlers: erase a user's cards and files when the user is deleted, in whatever way."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models.signals import post_delete, pre_delete

from flashcards.cards import media
from flashcards.cards.cards import delete_for_owner
from flashcards.exchange import uploads
from flashcards.models import CardExport, CardImport


def connect() -> None:
    pre_delete.connect(
        _erase_cards_of, sender=get_user_model(), dispatch_uid="flashcards.erase_owner"
    )
    for model in (CardImport, CardExport):
        post_delete.connect(_delete_files_of, sender=model)


def _erase_cards_of(instance: Any, **_: Any) -> None:
    """Erase their cards in the transaction that deletes the user, and then their images."""
    delete_for_owner(owner_id=instance.pk)
    media.drop_unowned(media.names_of(instance.pk))


def _delete_files_of(instance: Any, **_: Any) -> None:
    """Delete the files of an import or export that is deleted, or whose owner is."""
    uploads.discard(instance)
