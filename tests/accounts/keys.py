"""Keys for tests, and a server on loopback that judges them as Anthropic does."""

from typing import ClassVar
from unittest import mock

from django.test import override_settings

from accounts.models import ApiKey, User
from memoryloop.llm.detect import clear_cache
from tests.base import TestCase
from tests.servers.claude import ClaudeServer

KEY = "sk-ant-api03-" + "Zq7" * 15 + "WXYZ"
OTHER_KEY = "sk-ant-api03-" + "Kp3" * 15 + "1234"
# The server turns away every key with this end.
REFUSED_KEY = "sk-ant-api03-" + "Rr9" * 15 + "refused"
HINT = "sk-ant-…WXYZ"


class KeyTestCase(TestCase):
    """Runs a server that speaks Anthropic's protocol; the real SDK asks it."""

    server: ClassVar[ClaudeServer]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.server = ClaudeServer()
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)
        # What is tried here answers, however long this machine takes over it.
        patient = mock.patch("memoryloop.llm.limits.KEY_CHECK_SECONDS", 60.0)
        patient.start()
        cls.addClassCleanup(patient.stop)
        overridden = override_settings(ANTHROPIC_BASE_URL=cls.server.url)
        overridden.enable()
        cls.addClassCleanup(overridden.disable)

    def setUp(self) -> None:
        super().setUp()
        self.server.requests.clear()
        clear_cache()
        self.addCleanup(clear_cache)

    def key_of(self, user: User) -> ApiKey:
        return ApiKey.objects.get(owner=user)
