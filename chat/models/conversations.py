"""Conversations and messages."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from chat.models.search import MODEL_NAME_CHARACTERS
from memoryloop.words import count_words

MESSAGE_MAX_CHARACTERS = 50_000
TITLE_MAX_CHARACTERS = 50
# From this length a learner's message has a link to make cards; every answer has one.
CARDS_FROM_WORDS = 60
FOLDED_LINES = 12
FOLDED_CHARACTERS = 1_000
# How long after its start a conversation may still get a title from a model.
TITLE_WITHIN = timedelta(minutes=3)


class Conversation(models.Model):
    class TitleBy(models.TextChoices):
        FIRST = "first", "The first message"
        MODEL = "model", "A model"
        LEARNER = "learner", "The learner"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="conversations"
    )
    title = models.CharField(max_length=TITLE_MAX_CHARACTERS)
    created_at = models.DateTimeField(default=timezone.now)
    # When the last message was added or finished; lists show the newest first.
    updated_at = models.DateTimeField(default=timezone.now)
    # Set while a deleted conversation can still be restored; the worker purges it later.
    deleted_at = models.DateTimeField(null=True, blank=True)
    # Pinned ones are listed first, archived ones only in the archive. Search finds both.
    pinned_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    title_by = models.CharField(
        max_length=7, choices=TitleBy, default=TitleBy.FIRST, editable=False
    )
    # The newest message of the branch that is open (see chat.conversations.branches).
    leaf = models.ForeignKey(
        "Message",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    # The message of another conversation up to which this one was copied.
    forked_from = models.ForeignKey(
        "Message",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )

    class Meta:
        ordering = ["-updated_at", "id"]
        indexes = [models.Index(fields=["owner", "-updated_at"], name="conversation_recent")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("chat:conversation", args=[self.id])

    @property
    def awaits_title(self) -> bool:
        """Tell whether a model may be about to find a better title."""
        age = timezone.now() - self.created_at
        return self.title_by == self.TitleBy.FIRST and age < TITLE_WITHIN


class Message(models.Model):
    class Role(models.TextChoices):
        USER = "user", "Learner"
        ASSISTANT = "assistant", "Tutor"

    class Status(models.TextChoices):
        COMPLETE = "complete", "Complete"
        # An answer is being written; `updated_at` moves while its writer lives.
        STREAMING = "streaming", "Being written"
        STOPPED = "stopped", "Stopped by the learner"
        # The connection broke or the server stopped: what came is kept.
        INTERRUPTED = "interrupted", "Interrupted"
        FAILED = "failed", "Failed"

    class ErrorKind(models.TextChoices):
        KEY = "key", "The key was refused"
        # The key is valid but may not do this: no credit, no permission.
        RIGHTS = "rights", "The key is not allowed to"
        LIMIT = "limit", "The key is used too often"
        MODEL = "model", "There is no such model"
        PROVIDER = "provider", "The provider could not answer"
        BROKEN = "broken", "The answer broke off"
        OURS = "ours", "A fault of MemoryLoop"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages"
    )
    # The message that this one follows. Messages with the same parent are versions of one another:
    # an edited question, another answer. None for the first message of a branch.
    parent = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="replies",
        editable=False,
    )
    # 1, 2, 3 … among those with the same parent.
    version = models.PositiveSmallIntegerField(default=1, editable=False)
    # The conversation's owner, written by a trigger (migration 0004), so that an index of this
    # table limits a search to one owner.
    owner_id = models.UUIDField(null=True, editable=False)
    # 0, 1, 2 … along its branch.
    position = models.PositiveIntegerField()
    role = models.CharField(max_length=9, choices=Role)
    content = models.TextField(blank=True)
    # The text of the attempt before, which is restored if this one brings none.
    earlier_content = models.TextField(blank=True, editable=False)
    status = models.CharField(max_length=11, choices=Status, default=Status.COMPLETE)
    # One plain sentence for the learner when the status is FAILED or INTERRUPTED, or when a
    # complete answer ends at its length limit.
    error = models.CharField(max_length=500, blank=True)
    # The kind of the error, which decides what the page offers.
    error_kind = models.CharField(max_length=10, choices=ErrorKind, blank=True)
    # When the provider accepts questions again, if it said so.
    retry_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The label of the provider of an answer ("Claude", "Ollama", "Offline"), and its model.
    provider = models.CharField(max_length=40, blank=True)
    model = models.CharField(max_length=120, blank=True)
    # For an answer: when this attempt at it began, which identifies the attempt.
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    # Set in the transaction that creates the cards (flashcards.cards.cards.create_cards).
    cards_made_at = models.DateTimeField(null=True, blank=True)
    # Whether the refused key was changed or tested since; set by answers.failures for a page.
    is_mended = False
    # The embedding model that was last asked for a vector of it (MessageVector); blank for none.
    embedding_model = models.CharField(max_length=MODEL_NAME_CHARACTERS, blank=True, editable=False)

    class Meta:
        ordering = ["conversation", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "parent", "version"],
                name="message_version",
                nulls_distinct=False,
            )
        ]
        indexes = [
            models.Index(fields=["conversation", "position"], name="message_position"),
            # Whether a conversation has branches, and whether an answer is being written in it.
            models.Index(
                fields=["conversation"],
                name="message_other_version",
                condition=models.Q(version__gt=1),
            ),
            models.Index(
                fields=["conversation"],
                name="message_streaming",
                condition=models.Q(status="streaming"),
            ),
            # The searched words are in the column `words`, which only SQL reads, with the index
            # `message_words` and, of what is not indexed yet, `message_to_index` (migration 0011,
            # recall.indexing). It is null until then, and whenever the content has changed.
            models.Index(fields=["owner_id", "-created_at"], name="message_owner_recent"),
            # What the worker has left to embed. Not by `updated_at`, which is in no index: an
            # answer being written touches it several times a second.
            models.Index(fields=["embedding_model", "created_at"], name="message_to_embed"),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.content[:60]}"

    @property
    def is_answer(self) -> bool:
        return self.role == self.Role.ASSISTANT

    @property
    def is_being_written(self) -> bool:
        return self.status == self.Status.STREAMING

    @property
    def can_be_retried(self) -> bool:
        """Tell whether the answer ended badly. Only a conversation's last answer is retried."""
        return self.is_answer and self.status in {
            self.Status.STOPPED,
            self.Status.INTERRUPTED,
            self.Status.FAILED,
        }

    @property
    def is_cut_off(self) -> bool:
        """Tell whether the answer came as far as its length limit, or perhaps is not complete."""
        return self.is_answer and self.status == self.Status.COMPLETE and bool(self.error)

    @property
    def can_be_continued(self) -> bool:
        """Tell whether there is a beginning to go on from. Only the last answer is continued."""
        return (
            (self.is_cut_off or self.can_be_retried)
            and self.provider != "Offline"
            and bool(self.content.strip())
        )

    @property
    def must_wait(self) -> bool:
        """Tell whether the provider accepts no questions before `retry_at`."""
        return self.retry_at is not None and self.retry_at > timezone.now()

    @property
    def error_sentence(self) -> str:
        """Return the sentence about the error, as it is true now: a refused key may be changed
        since, a limit may have passed.
        """
        if self.is_mended:
            return f"{self.provider} refused the key. It was changed or tested since: press Retry."
        if self.retry_at is None or self.must_wait:
            return self.error
        if self.error_kind == self.ErrorKind.LIMIT:
            return f"{self.provider} was asked too often with this key. You can ask again now."
        return f"{self.provider} was overloaded. You can ask again now."

    @property
    def concerns_the_key(self) -> bool:
        """Tell whether an answer failed for a reason that another key may not have."""
        return self.error_kind in {
            self.ErrorKind.KEY,
            self.ErrorKind.RIGHTS,
            self.ErrorKind.LIMIT,
        }

    @property
    def is_long(self) -> bool:
        """Tell whether a page shows only about the first twelve lines."""
        return len(self.content) > FOLDED_CHARACTERS or self.content.count("\n") >= FOLDED_LINES

    @property
    def makes_cards(self) -> bool:
        """Tell whether it has a link to make cards: an answer of a model, or a long message."""
        if self.cards_made_at is not None:
            return True
        if self.is_answer:
            return self.provider != "Offline"
        return count_words(self.content) >= CARDS_FROM_WORDS
