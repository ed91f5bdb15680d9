"""Models: users, their keys and endpoints, changes of address, invitations, attempts."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

MODEL_MAX_CHARACTERS = 120
URL_MAX_CHARACTERS = 500


class UserManager(BaseUserManager["User"]):
    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return the address in lower case: addresses that differ in case only are the same."""
        return (email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=self.normalize_email(username))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        email = self.normalize_email(email)
        if not email:
            raise ValueError("A user needs an email address.")
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(
            email, password, **{**fields, "is_staff": True, "is_superuser": True}
        )


class User(AbstractBaseUser, PermissionsMixin):
    """A learner, who logs in with an email address. Cards and conversations belong to one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField("email address", unique=True)
    name = models.CharField(max_length=150, blank=True)
    # An IANA name. The learner's day begins in this time zone.
    time_zone = models.CharField(max_length=64, default="UTC")
    is_staff = models.BooleanField("staff", default=False)
    is_active = models.BooleanField("active", default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_case_insensitive")]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email.split("@")[0]


class Status(models.TextChoices):
    """The result of the last test of a key or an endpoint."""

    UNTESTED = "untested", "Not tested"
    WORKING = "working", "Working"
    REFUSED = "refused", "Refused by the provider"
    NO_MODEL = "no_model", "Has no such model"


class ApiKey(models.Model):
    """A learner's encrypted key for a model provider. Only `hint` is ever shown."""

    class Provider(models.TextChoices):
        ANTHROPIC = "anthropic", "Claude"

    Status = Status

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    provider = models.CharField(max_length=20, choices=Provider)
    ciphertext = models.TextField(editable=False)
    # First 7 … last 4 characters.
    hint = models.CharField(max_length=20, editable=False)
    # Blank for settings.CLAUDE_MODEL.
    model = models.CharField(max_length=MODEL_MAX_CHARACTERS, blank=True)
    # The names that the provider listed at the last test.
    listed_models = models.JSONField(default=list, editable=False)
    status = models.CharField(max_length=8, choices=Status, default=Status.UNTESTED)
    tested_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "API key"
        constraints = [models.UniqueConstraint(fields=["owner", "provider"], name="one_key_each")]

    def __str__(self) -> str:
        return f"{self.get_provider_display()} {self.hint}"


class Endpoint(models.Model):
    """A learner's own OpenAI-compatible server. Its key, if it has one, is encrypted."""

    Status = Status

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.OneToOneField(User, on_delete=models.CASCADE, related_name="endpoint")
    base_url = models.CharField("base URL", max_length=URL_MAX_CHARACTERS)
    # The usual name of the server: "Ollama", "OpenAI", or its host.
    label = models.CharField(max_length=40)
    # Blank for a server without a key.
    ciphertext = models.TextField(blank=True, editable=False)
    # First 7 … last 4 characters.
    hint = models.CharField(max_length=20, blank=True, editable=False)
    model = models.CharField(max_length=MODEL_MAX_CHARACTERS, blank=True)
    # How many tokens the model takes at once; None to go by what the server tells.
    context_length = models.PositiveIntegerField(null=True, blank=True)
    # The names that the server listed at the last test.
    listed_models = models.JSONField(default=list, editable=False)
    # Whether it answers even if the learner also has a Claude key.
    comes_first = models.BooleanField(default=False)
    status = models.CharField(max_length=8, choices=Status, default=Status.UNTESTED)
    tested_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.label} {self.hint}".strip()


class EmailChange(models.Model):
    """A pending change of address, which is done once both addresses have confirmed it."""

    # New with each request, so that the links of earlier requests are invalid.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.OneToOneField(User, on_delete=models.CASCADE, related_name="email_change")
    old_email = models.EmailField(max_length=254)
    new_email = models.EmailField(max_length=254)
    old_confirmed_at = models.DateTimeField(null=True, blank=True)
    new_confirmed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.old_email} to {self.new_email}"


class Invitation(models.Model):
    """A link with which one person can sign up. Its token is signed, not stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    note = models.CharField(max_length=200, blank=True, help_text="For whom it is.")
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    def __str__(self) -> str:
        return self.note or f"Invitation of {self.created_at:%Y-%m-%d}"


class LogInAttempts(models.Model):
    """A count of attempts within a window, such as failed log-ins (throttling.py)."""

    # An HMAC of what is throttled, so that addresses without an account are not stored.
    key = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    window_started_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "log-in attempts"

    def __str__(self) -> str:
        return f"{self.failures} since {self.window_started_at:%H:%M}"
