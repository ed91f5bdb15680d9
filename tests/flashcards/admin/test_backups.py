"""The backups' page in the admin: how the last went, what is kept, how to restore it."""

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

from django.test import override_settings
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from flashcards.cards import jobs
from flashcards.maintenance.backup import Manifest
from flashcards.maintenance.backup_places import NIGHTLY
from flashcards.models import BackupStatus
from tests.flashcards.admin.admin_pages import AdminTestCase

PANEL = "admin:flashcards_backupstatus_changelist"
MAKE = "admin:flashcards_backupstatus_make"
NIGHT = datetime(2026, 11, 30, 3, tzinfo=UTC)


class TestBackups(AdminTestCase):
    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="memoryloop-backups-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)
        changed = override_settings(BACKUPS_SCHEDULED=True, BACKUP_PLACE=holder.name)
        changed.enable()
        self.addCleanup(changed.disable)
        self.log_in(self.charlie)

    def give(self, name: str, *, verified: bool = True) -> Path:
        counts = {"learners": 2, "messages": 0, "pending": 0, "flashcards": 31, "review_logs": 57}
        manifest = Manifest(
            format=1,
            made_at=NIGHT.isoformat(),
            schema=4,
            migrations={},
            postgresql=180_006,
            versions={},
            counts=counts,
            with_secrets=False,
            files={"postgresql.dump": {"bytes": 2_097_152, "sha256": ""}},
        )
        folder = self.folder / NIGHTLY / name
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(manifest.to_json())
        if verified:
            (folder / "verified.json").write_text("{}")
        return folder

    def test_before_the_first_it_says_when_that_comes(self) -> None:
        response = self.client.get(reverse(PANEL))
        self.assertContains(response, "There has been no backup yet.")
        self.assertContains(response, "The first one is made after 03:00 UTC.")
        self.assertContains(response, "None yet.", count=2)

    def test_it_lists_them_with_the_command_that_restores_each(self) -> None:
        BackupStatus.objects.create(made_at=NIGHT, tried_at=NIGHT)
        folder = self.give("with a space")
        self.give("2026-11-29T030000Z.partial")
        response = self.client.get(reverse(PANEL))
        self.assertContains(response, "The last backup was made on 30 November 2026, 03:00 UTC")
        self.assertContains(response, f"manage.py restore --replace &#x27;{folder}&#x27;")
        self.assertContains(response, "<td>2.0\xa0MB</td><td>2</td><td>31</td><td>57</td>")
        self.assertContains(
            response, "<td>card schema 4 in LanceDB, PostgreSQL 18</td><td>yes</td>"
        )
        self.assertNotContains(response, "partial")

    def test_it_says_why_they_fail_and_that_one_was_not_verified(self) -> None:
        self.give("2026-11-30T030000Z", verified=False)
        BackupStatus.objects.create(failing_since=NIGHT, error="The disk of /b is full.")
        response = self.client.get(reverse(PANEL))
        self.assertContains(response, "have failed since 30 November 2026, 03:00 UTC. The disk of")
        self.assertContains(response, "<td>no</td>")

    def test_a_place_that_cannot_be_read_is_named(self) -> None:
        (self.folder / NIGHTLY).write_text("")
        self.assertContains(self.client.get(reverse(PANEL)), "cannot be read (Not a directory)")

    def test_switched_off_it_says_so(self) -> None:
        for setting, reason in {
            "": "a PostgreSQL of your own",
            "off": "is <code>off</code>",
        }.items():
            with (
                override_settings(BACKUPS_SCHEDULED=False),
                mock.patch.dict(os.environ, {"MEMORYLOOP_BACKUPS": setting}),
            ):
                response = self.client.get(reverse(PANEL))
            self.assertContains(response, reason)
            self.assertNotContains(response, "Back up now")

    def test_a_superuser_has_one_made_and_nobody_else(self) -> None:
        url = reverse(MAKE)
        with self.captureOnCommitCallbacks(execute=True):
            response = self.client.post(url, follow=True)
        self.assertContains(response, "The worker makes a backup now.")
        self.assertEqual(ProcrastinateJob.objects.filter(task_name=jobs.BACKUP).count(), 1)
        self.assertEqual(self.client.get(url).status_code, 405)
        self.permit("view_backupstatus")
        self.assertNotContains(self.client.get(reverse(PANEL)), "Back up now")
        self.assertEqual(self.client.post(url).status_code, 403)
        self.log_in(self.dana)
        self.permit()
        self.assertEqual(self.client.get(reverse(PANEL)).status_code, 403)
        self.client.logout()
        self.assert_login_wanted(reverse(PANEL))
