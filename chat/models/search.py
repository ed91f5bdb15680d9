"""What messages are found by besides the words in their row: vectors, and each learner's words."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from pgvector.django import VectorField

MODEL_NAME_CHARACTERS = 200


class MessageVector(models.Model):
    """The vector of a message by one embedding model; while models change, a message has two."""

    message = models.ForeignKey(
        "chat.Message", on_delete=models.CASCADE, related_name="vectors", db_index=False
    )
    # The message's, so that a search reads this table alone.
    conversation_id = models.UUIDField()
    owner_id = models.UUIDField()
    model = models.CharField(max_length=MODEL_NAME_CHARACTERS)
    # Of unit length, as wide as the model makes it.
    vector = VectorField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "model"], name="message_vector_once")
        ]
        indexes = [models.Index(fields=["model", "owner_id"], name="message_vector_model")]

    def __str__(self) -> str:
        return f"{self.message_id} by {self.model}"


class ServingModel(models.Model):
    """The embedding model whose vectors a search of messages compares. There is one row at most."""

    THE_ONE = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ONE, editable=False)
    name = models.CharField(max_length=MODEL_NAME_CHARACTERS)
    since = models.DateTimeField(default=timezone.now)
    # Whether the vectors of models that served before are removed.
    is_alone = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class SearchWord(models.Model):
    """A search key (memoryloop.search_words) and in how many of a learner's messages it is.

    Says which words are rare, and what a mistyped word may have been. The empty word is in every
    message.
    """

    pk = models.CompositePrimaryKey("owner_id", "word")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    # Compared by code points, so that those with one beginning stand together.
    word = models.CharField(max_length=64, db_collation="C")
    messages = models.PositiveIntegerField(default=0)
    # Whether it was written like this, and is no stem and no pair of letters.
    is_whole = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.word}: {self.messages}"
