"""Hear of users being deleted, in the admin, by themselves or in bulk."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models.signals import post_delete, pre_delete

from flashcards.cards import media
from flashcards.cards.cards import delete_for_owner
from flashcards.exchange import uploads
from flashcards.models import CardExport, CardImport


def connect() -> None:
    pre_delete.connect(
        _user_is_deleted, sender=get_user_model(), dispatch_uid="flashcards.erase_owner"
    )
    for model in (CardImport, CardExport):
        post_delete.connect(_files_are_not_wanted, sender=model)


def _user_is_deleted(instance: Any, **_: Any) -> None:
    """Erase their cards in the transaction that deletes the user, and then their images."""
    delete_for_owner(owner_id=instance.pk)
    media.drop_unowned(media.names_of(instance.pk))


def _files_are_not_wanted(instance: Any, **_: Any) -> None:
    """Remove the files of an import or export that is deleted, or whose owner is."""
    uploads.discard(instance)
