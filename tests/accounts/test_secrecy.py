import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from django.core.signals import got_request_exception
from django.http import HttpRequest
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from django.views.debug import ExceptionReporter

from accounts import encryption, endpoints, services
from accounts.models import ApiKey, Endpoint
from accounts.results import InvalidKey
from tests.accounts.keys import KEY, OTHER_KEY, REFUSED_KEY, KeyTestCase
from tests.servers.compatible import OpenAIServer

OWN_KEY = "sk-own-" + "Ww5" * 15 + "tail"
SECRETS = tuple(key[12:-7] for key in (KEY, OTHER_KEY, REFUSED_KEY, OWN_KEY))


@contextmanager
def everything_logged() -> Iterator[list[str]]:
    """Yield the text of all that is logged, at every level by every logger."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{self.format(record)} {record.args!r} {record.__dict__!r}")

    handler = Keep(logging.NOTSET)
    root = logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in list(root.manager.loggerDict))]
    levels = [(logger, logger.level) for logger in loggers]
    root.addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        for logger, level in levels:
            logger.setLevel(level)


class SecrecyTests(KeyTestCase):
    def save_own(self) -> None:
        with OpenAIServer() as own:
            endpoints.save_endpoint(
                user=self.alice,
                base_url=own.url,
                api_key=OWN_KEY,
                model="",
                now=timezone.now(),
            )

    def assert_clean(self, text: str) -> None:
        for secret in SECRETS:
            self.assertNotIn(secret, text)

    def test_no_page_and_no_log_line_ever_holds_a_key(self) -> None:
        self.log_in()
        pages: list[str] = []
        with everything_logged() as lines, OpenAIServer() as own:
            for headers in ({}, {"HX-Request": "true"}):
                for name, data in (
                    ("save_key", {"api_key": KEY}),
                    ("test_key", {}),
                    ("save_key", {"api_key": REFUSED_KEY}),
                    ("save_key", {"api_key": f"{OTHER_KEY} with more"}),
                    ("remove_key", {}),
                    ("save_endpoint", {"base_url": "http://127.0.0.1:9", "api_key": OWN_KEY}),
                    ("save_endpoint", {"base_url": own.url, "api_key": f"{OWN_KEY}-refused"}),
                    ("save_endpoint", {"base_url": own.url, "api_key": f"{OWN_KEY} more"}),
                    ("save_endpoint", {"base_url": f"{own.root}/?key={OWN_KEY}"}),
                    ("save_endpoint", {"base_url": own.url, "api_key": OWN_KEY}),
                    ("test_endpoint", {}),
                ):
                    response = self.client.post(
                        reverse(f"settings:{name}"), data, headers=headers, follow=True
                    )
                    pages.append(response.content.decode() + repr(response.headers))
            with override_settings(ANTHROPIC_BASE_URL="http://127.0.0.1:9"):
                self.client.post(reverse("settings:save_key"), {"api_key": OTHER_KEY})
            pages.append(self.client.get(reverse("settings:home")).content.decode())

        self.assertEqual(len(pages), 23)
        self.assertTrue(lines)
        self.assert_clean("".join(pages))
        for line in lines:
            # The database's own log of statements is on here only for the test.
            self.assert_clean(line)

    def test_no_repr_holds_a_key(self) -> None:
        services.save_api_key(user=self.alice, api_key=KEY, now=timezone.now())
        row = self.key_of(self.alice)
        self.save_own()
        own = Endpoint.objects.get()
        with self.subTest("of the endpoint"):
            self.assert_clean(f"{own!r} {own} {vars(own)!r}")
            self.assertNotIn(own.ciphertext, repr(own))

        for first in (False, True):
            endpoints.set_first(user=self.alice, endpoint=first)
            self.assert_clean(
                f"{row!r} {row} {vars(row)!r} {services.provider_for(self.alice)!r} "
                f"{services.describe_tutor(self.alice)!r}"
            )
        self.assertNotIn(row.ciphertext, repr(row))

    def test_no_page_of_the_administration_holds_a_key(self) -> None:
        services.save_api_key(user=self.alice, api_key=KEY, now=timezone.now())
        self.save_own()
        self.log_in(self.charlie)
        own = Endpoint.objects.get()
        for url in (
            reverse("admin:accounts_endpoint_changelist"),
            reverse("admin:accounts_endpoint_change", args=[own.pk]),
            reverse("admin:accounts_endpoint_delete", args=[own.pk]),
            reverse("admin:accounts_apikey_change", args=[self.key_of(self.alice).pk]),
            reverse("admin:accounts_user_change", args=[self.alice.pk]),
        ):
            page = self.client.get(url).content.decode()
            self.assert_clean(page)
            self.assertNotIn(own.ciphertext, page)
            self.assertNotIn(self.key_of(self.alice).ciphertext, page)
        self.assertContains(
            self.client.get(reverse("admin:accounts_endpoint_changelist")), "sk-own-…tail"
        )
        self.assertEqual(self.client.get(reverse("admin:accounts_endpoint_add")).status_code, 403)

    def test_no_error_report_holds_a_key(self) -> None:
        self.log_in()
        self.client.raise_request_exception = False
        reports: list[str] = []

        def report(request: HttpRequest, **kwargs: object) -> None:
            # What Django's handler for administrators' mail writes, with every variable.
            reporter = ExceptionReporter(request, *sys.exc_info())
            reports.append(reporter.get_traceback_text() + reporter.get_traceback_html())

        got_request_exception.connect(report)
        self.addCleanup(got_request_exception.disconnect, report)
        own = OpenAIServer().start()
        self.addCleanup(own.stop)
        for target, name, data in (
            ("accounts.encryption.os.urandom", "save_key", {"api_key": KEY}),
            ("accounts.services.ApiKey.objects", "save_key", {"api_key": KEY}),
            (
                "accounts.encryption.os.urandom",
                "save_endpoint",
                {"base_url": own.url, "api_key": OWN_KEY},
            ),
            (
                "accounts.endpoints._result_fields",
                "save_endpoint",
                {"base_url": own.url, "api_key": OWN_KEY},
            ),
        ):
            broken = mock.Mock(side_effect=RuntimeError("broken"))
            broken.update_or_create.side_effect = broken.side_effect
            with self.subTest(target=target, name=name), mock.patch(target, broken):
                self.client.post(reverse(f"settings:{name}"), data)
                self.assertIn("RuntimeError", reports[-1])
                self.assert_clean(reports[-1])
        self.assertEqual(len(reports), 4)

    def test_no_error_page_holds_a_key(self) -> None:
        self.log_in()
        self.client.raise_request_exception = False
        with mock.patch("accounts.services.mask", autospec=True, side_effect=RuntimeError):
            response = self.client.post(reverse("settings:save_key"), {"api_key": KEY})

        self.assertEqual(response.status_code, 500)
        self.assert_clean(response.content.decode())

    def test_what_is_stored_is_no_key(self) -> None:
        services.save_api_key(user=self.alice, api_key=KEY, now=timezone.now())

        (values,) = ApiKey.objects.values()
        self.assert_clean(repr(values))
        self.assertTrue(encryption.is_current(values["ciphertext"]))

    def test_no_message_repeats_a_key(self) -> None:
        for typed in (f"{KEY}é", f"{KEY} {KEY}", REFUSED_KEY):
            with self.assertRaises(InvalidKey) as caught:
                services.save_api_key(user=self.alice, api_key=typed, now=timezone.now())
            self.assert_clean(f"{caught.exception} {caught.exception!r}")
