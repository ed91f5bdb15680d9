"""Records beside messages: what a conversation was opened about, and the prompt of an answer."""

from django.db import models
from django.utils import timezone


class Seed(models.Model):
    """What a conversation was opened about: shown at its beginning, and sent to the tutor."""

    conversation = models.OneToOneField(
        "chat.Conversation", on_delete=models.CASCADE, primary_key=True, related_name="seed"
    )
    title = models.CharField(max_length=160)
    text = models.TextField()
    # Links back: [{"label": …, "url": …, "icon": …}], addresses within this site.
    links = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.title


class Summary(models.Model):
    """What was said in a conversation until one of its messages, in short, by a model.

    It is of the branch that leads to that message, and of every branch that goes on from there.
    """

    until = models.OneToOneField(
        "chat.Message", on_delete=models.CASCADE, primary_key=True, related_name="summary"
    )
    text = models.TextField()
    # The label of the provider that wrote it, and its model.
    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "summaries"

    def __str__(self) -> str:
        return self.text[:60]


class Instructions(models.Model):
    """The part of a system prompt that answers have in common, stored once."""

    # SHA-256 of the text, in hexadecimal.
    digest = models.CharField(primary_key=True, max_length=64, editable=False)
    text = models.TextField()

    def __str__(self) -> str:
        return f"{self.digest[:8]}: {self.text[:60]}"


class AnswerContext(models.Model):
    """The prompt of an answer: enough to show it word for word."""

    answer = models.OneToOneField(
        "chat.Message", on_delete=models.CASCADE, primary_key=True, related_name="context"
    )
    instructions = models.ForeignKey(Instructions, on_delete=models.PROTECT, related_name="+")
    # The text below the instructions: what was looked up, as it was quoted.
    quoted = models.TextField(blank=True)
    # The same piece by piece: [{"kind", "id", "title", "text", "url", "why", "tokens"}].
    found = models.JSONField(default=list)
    # Whether a part of what was looked up came too late, and what it found: [{"kind", "id",
    # "title", "url", "why"}]. The next answer of the branch is told of it.
    is_late = models.BooleanField(default=False)
    found_late = models.JSONField(default=list, blank=True)
    # The summary of what came first in the conversation, as it was sent, and of how many messages.
    summary = models.TextField(blank=True)
    summarized = models.PositiveIntegerField(default=0)
    # The ids of the messages sent, oldest first. A message never changes once it is answered.
    window = models.JSONField(default=list)
    # How many earlier messages of the branch did not fit.
    left_out = models.PositiveIntegerField(default=0)
    # Estimates: the whole prompt, and the limit for its messages.
    tokens = models.PositiveIntegerField(default=0)
    window_tokens = models.PositiveIntegerField(default=0)
    # How many tokens the model takes at once; None if that was not known.
    model_window = models.PositiveIntegerField(null=True, blank=True)
    # How many of the things found did not fit.
    found_left_out = models.PositiveIntegerField(default=0)
    # What was sent of the messages that did not fit whole, by their ids, and of what the
    # conversation is about ("about").
    shortened = models.JSONField(default=dict, blank=True)
    # What was said after the messages; blank unless an answer was continued.
    closing = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{len(self.window)} messages, {len(self.found)} recalled, {self.tokens} tokens"
