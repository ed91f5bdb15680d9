"""The backups in the admin: how the last one went, those that are kept, and how to restore them."""

import shlex
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from flashcards.admin.one_page import OnePageAdmin
from flashcards.cards import jobs
from flashcards.maintenance import backup_places, scheduled_backup
from flashcards.maintenance.backup import BackupError
from flashcards.maintenance.backup_places import BEFORE_UPGRADE, NIGHTLY, Stored
from flashcards.models import BackupStatus, StoreVersions
from memoryloop import environment, installation

PANEL = "admin:flashcards_backupstatus_changelist"


@admin.register(BackupStatus)
class BackupPanel(OnePageAdmin[BackupStatus]):
    page_title = "Backups"
    page_template = "admin/flashcards/backups.html"

    def page(self) -> Mapping[str, Any]:
        status = BackupStatus.objects.filter(id=1).first()
        return {
            "status": status,
            "scheduled": settings.BACKUPS_SCHEDULED,
            "is_own_database": not environment.text("MEMORYLOOP_BACKUPS"),
            "hour": f"{settings.BACKUP_HOUR:02}:00",
            "due": status is not None
            and scheduled_backup.is_due(status, timezone.now(), settings.BACKUP_HOUR),
            "kept": (settings.BACKUP_DAILY, settings.BACKUP_WEEKLY, settings.BACKUP_MONTHLY),
            "address": settings.BACKUP_PLACE,
            "is_bucket": settings.BACKUP_PLACE.startswith("s3://"),
            **_listed(),
        }

    def buttons(self) -> Mapping[str, Callable[..., HttpResponse]]:
        return {"make": self.make_view}

    @method_decorator(require_POST)
    def make_view(self, request: HttpRequest) -> HttpResponse:
        """Have the worker make a backup at an administrator's request."""
        if not request.user.is_superuser:
            raise PermissionDenied
        jobs.request_backup()
        messages.info(request, "The worker makes a backup now. Reload this page to see it.")
        return HttpResponseRedirect(reverse(PANEL))


def _listed() -> dict[str, Any]:
    try:
        place = backup_places.place()
        return {
            "sections": [
                ("Every night", [_row(each) for each in place.stored(NIGHTLY)]),
                ("Before an upgrade", [_row(each) for each in place.stored(BEFORE_UPGRADE)]),
            ]
        }
    except BackupError as error:
        return {"unreadable": str(error)}


def _row(stored: Stored) -> dict[str, Any]:
    manifest = stored.manifest
    return {
        "made_at": stored.made_at,
        "bytes": manifest.bytes,
        "counts": manifest.counts,
        "schema": manifest.schema,
        "engine": StoreVersions.Engine(manifest.engine).label,
        "postgresql": manifest.postgresql // 10_000,
        "is_verified": stored.is_verified,
        "restore": _restore(stored.address),
    }


def _restore(address: str) -> str:
    return installation.command(shlex.join(["restore", "--replace", address]))
