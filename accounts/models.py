"""Users, their API keys, and what throttles log-in."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class UserManager(BaseUserManager["User"]):
    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return the address in lower case: nobody is another person for typing a capital."""
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
    """A learner. Logs in with an email address; every card and conversation names one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField("email address", unique=True)
    name = models.CharField(max_length=150, blank=True)
    # An IANA name. It decides when this learner's day begins.
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


class ApiKey(models.Model):
    """A learner's key for a model provider, encrypted; `hint` is all that is ever shown."""

    class Provider(models.TextChoices):
        ANTHROPIC = "anthropic", "Claude"

    class Status(models.TextChoices):
        UNTESTED = "untested", "Not tested"
        WORKING = "working", "Working"
        REFUSED = "refused", "Refused by the provider"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    provider = models.CharField(max_length=20, choices=Provider)
    ciphertext = models.TextField(editable=False)
    # First 7 … last 4 characters.
    hint = models.CharField(max_length=20, editable=False)
    status = models.CharField(max_length=8, choices=Status, default=Status.UNTESTED)
    tested_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "API key"
        constraints = [models.UniqueConstraint(fields=["owner", "provider"], name="one_key_each")]

    def __str__(self) -> str:
        return f"{self.get_provider_display()} {self.hint}"


class LogInAttempts(models.Model):
    """Failed log-ins of one address from one place in a window. Counted here for all processes."""

    # SHA-256 of what is throttled: no address of somebody without an account is kept.
    key = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    window_started_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "log-in attempts"

    def __str__(self) -> str:
        return f"{self.failures} since {self.window_started_at:%H:%M}"
