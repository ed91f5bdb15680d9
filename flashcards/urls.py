from django.urls import URLPattern, path

from flashcards.views import bin as card_bin
from flashcards.views import card, cards, drafts, notes, review

app_name = "flashcards"
urlpatterns: list[URLPattern] = [
    path("review/", review.review, name="review"),
    path("review/badge/", review.due_badge, name="due_badge"),
    path("review/undo/", review.undo, name="undo"),
    path("review/<uuid:card_id>/rate/", review.rate, name="rate"),
    path("review/<uuid:card_id>/suspend/", review.suspend, name="review_suspend"),
    path("review/<uuid:card_id>/bury/", review.bury, name="review_bury"),
    path("review/<uuid:card_id>/source/", review.source, name="review_source"),
    path("cards/", cards.card_list, name="cards"),
    path("cards/new/", notes.new_card, name="new_card"),
    path("cards/preview/", notes.preview_card, name="preview_card"),
    path("cards/bin/", card_bin.bin_page, name="bin"),
    path("cards/bin/restore/", card_bin.restore_from_bin, name="restore_from_bin"),
    path("cards/bin/erase/", card_bin.erase_from_bin, name="erase_from_bin"),
    path("cards/<uuid:card_id>/", card.card, name="card"),
    path("cards/<uuid:card_id>/near/", card.near, name="near"),
    path("cards/<uuid:card_id>/labels/", card.label_card, name="label_card"),
    path("cards/<uuid:card_id>/bury/", card.bury_card, name="bury_card"),
    path("cards/<uuid:card_id>/reset/", card.reset_card, name="reset_card"),
    path(
        "cards/<uuid:card_id>/reset/<uuid:log_id>/undo/",
        card.take_back_reset,
        name="take_back_reset",
    ),
    path("cards/<uuid:card_id>/edits/<uuid:edit_id>/revert/", card.revert_edit, name="revert_edit"),
    path("cards/<uuid:card_id>/edit/", notes.edit_card, name="edit_card"),
    path("cards/<uuid:card_id>/delete/", cards.delete_card, name="delete_card"),
    path("cards/<uuid:card_id>/restore/", cards.restore_card, name="restore_card"),
    path("cards/<uuid:card_id>/suspend/", cards.suspend_card, name="suspend_card"),
    path("cards/<uuid:card_id>/resume/", cards.resume_card, name="resume_card"),
    path("cards/<uuid:card_id>/unbury/", cards.unbury_card, name="unbury_card"),
    path("notes/<uuid:note_id>/delete/", notes.delete_note, name="delete_note"),
    path("notes/<uuid:note_id>/restore/", notes.restore_note, name="restore_note"),
    path("cards/make/<uuid:message_id>/", drafts.make, name="make"),
    path("cards/make/<uuid:message_id>/progress/", drafts.progress, name="draft_progress"),
    path("cards/make/<uuid:message_id>/stop/", drafts.stop_drafts, name="stop_drafts"),
    path("cards/make/<uuid:message_id>/add/", drafts.accept_drafts, name="accept_drafts"),
    path("cards/drafts/<uuid:draft_id>/", drafts.draft, name="draft"),
    path("cards/drafts/<uuid:draft_id>/decide/", drafts.decide_draft, name="decide_draft"),
    path("cards/drafts/<uuid:draft_id>/edit/", drafts.edit_draft, name="edit_draft"),
]
