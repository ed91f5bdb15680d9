import ipaddress
from unittest import mock

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, SimpleTestCase, override_settings
from hypothesis import given
from hypothesis import strategies as st

from memoryloop import environment
from memoryloop.web import proxies
from memoryloop.web.address import base_url
from memoryloop.web.middleware import ProxyMiddleware

NAMED = [ipaddress.ip_network("127.0.0.1"), ipaddress.ip_network("10.0.0.0/8")]


def passed_on(peer: str, **headers: str) -> HttpRequest:
    """Return the request as it comes out of the middleware."""
    request = RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers)
    seen = []

    def view(each: HttpRequest) -> HttpResponse:
        seen.append(each)
        return HttpResponse()

    ProxyMiddleware(view)(request)
    return seen[0]


class AddressTests(SimpleTestCase):
    @override_settings(PROXIES=NAMED)
    def test_a_named_proxy_says_who_the_visitor_is(self) -> None:
        for chain, visitor in (
            ("203.0.113.9", "203.0.113.9"),
            ("203.0.113.9, 10.1.2.3", "203.0.113.9"),
            # What the visitor sent comes before what the proxy added.
            ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
            ("127.0.0.1, 203.0.113.9", "203.0.113.9"),
            ("203.0.113.9:4711", "203.0.113.9"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("10.0.0.1, 10.0.0.2", "10.0.0.1"),
            ("203.0.113.9, nonsense", "127.0.0.1"),
            ("203.0.113.9, nonsense, 10.0.0.2", "10.0.0.2"),
            ("", "127.0.0.1"),
            (",", "127.0.0.1"),
        ):
            for peer in ("127.0.0.1", "::ffff:127.0.0.1"):
                with self.subTest(chain=chain, peer=peer):
                    request = passed_on(peer, **{"X-Forwarded-For": chain})
                    self.assertEqual(request.META["REMOTE_ADDR"], visitor)

    def test_nobody_else_says_it(self) -> None:
        for named in ([], NAMED):
            with self.subTest(named=named), override_settings(PROXIES=named):
                request = passed_on(
                    "192.0.2.1",
                    **{
                        "X-Forwarded-For": "203.0.113.9",
                        "X-Real-IP": "203.0.113.9",
                        "Forwarded": "for=203.0.113.9",
                        "X-Forwarded-Host": "evil.example",
                        "X-Forwarded-Port": "1",
                        "X-Forwarded-Proto": "https",
                    },
                )
                self.assertEqual(request.META["REMOTE_ADDR"], "192.0.2.1")
                self.assertFalse(request.is_secure())
                self.assertFalse([key for key in request.META if "FORWARDED" in key])
                self.assertNotIn("HTTP_X_REAL_IP", request.META)

    @given(st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=60))
    def test_no_header_changes_the_address_of_who_is_not_named(self, header: str) -> None:
        request = passed_on("192.0.2.1", **{"X-Forwarded-For": header})
        self.assertIn(request.META["REMOTE_ADDR"], {"192.0.2.1", ""})

    @override_settings(PROXIES=NAMED)
    @given(st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=60))
    def test_what_a_visitor_sends_does_not_matter_behind_a_proxy(self, header: str) -> None:
        request = passed_on("127.0.0.1", **{"X-Forwarded-For": f"{header}, 203.0.113.9"})
        self.assertEqual(request.META["REMOTE_ADDR"], "203.0.113.9")

    def test_an_address_that_the_web_server_believed_is_not_believed(self) -> None:
        # As uvicorn hands it on when it believes the header itself.
        with (
            mock.patch.object(proxies, "_warned", new=False),
            self.assertLogs("memoryloop.web.proxies", "WARNING") as logged,
        ):
            for number in range(3):
                address = f"203.0.113.{number}"
                request = passed_on(address, **{"X-Forwarded-For": address})
                self.assertEqual(request.META["REMOTE_ADDR"], "")
            for header in ("anything", "203.0.113.9:80", "[2001:db8::1]:80", "unix:"):
                believed = header.removesuffix(":80").strip("[]")
                request = passed_on(believed, **{"X-Forwarded-For": header})
                self.assertEqual(request.META["REMOTE_ADDR"], "")
        self.assertEqual(len(logged.output), 1)
        self.assertIn("--no-proxy-headers", logged.output[0])


class SchemeTests(SimpleTestCase):
    @override_settings(PROXIES=NAMED)
    def test_a_named_proxy_says_that_it_was_https(self) -> None:
        for said, secure in (("https", True), ("HTTPS", True), ("http", False), ("", False)):
            with self.subTest(said=said):
                request = passed_on("127.0.0.1", **{"X-Forwarded-Proto": said})
                self.assertEqual(request.is_secure(), secure)

    @override_settings(HTTPS=True, PROXIES=NAMED)
    def test_nobody_else_says_it_once_a_proxy_is_named(self) -> None:
        request = passed_on("192.0.2.1", **{"X-Forwarded-Proto": "https"})
        self.assertFalse(request.is_secure())

    @override_settings(HTTPS=True, PROXIES=[])
    def test_an_installation_that_names_none_is_not_redirected_for_ever(self) -> None:
        request = passed_on("192.0.2.1", **{"X-Forwarded-Proto": "https"})
        self.assertTrue(request.is_secure())


class BaseUrlTests(SimpleTestCase):
    def test_links_in_mails_begin_with_the_sites_own_address(self) -> None:
        for origins, host, expected in (
            ([], "learn.example.org", "http://learn.example.org"),
            (["https://learn.example.org"], "learn.example.org", "https://learn.example.org"),
            (["https://learn.example.org"], "learn.example.org:66", "https://learn.example.org"),
            (["https://learn.example.org"], "evil.example", "https://learn.example.org"),
            (["https://a.example", "https://b.example"], "b.example", "https://b.example"),
            (["https://*.example"], "b.example", "http://b.example"),
        ):
            with (
                self.subTest(origins=origins, host=host),
                override_settings(ALLOWED_HOSTS=["*"], CSRF_TRUSTED_ORIGINS=origins),
            ):
                request = RequestFactory().get("/", headers={"Host": host})
                self.assertEqual(base_url(request), expected)


class SettingTests(SimpleTestCase):
    def test_proxies_are_addresses_and_networks(self) -> None:
        with mock.patch.dict("os.environ", {"X_PROXIES": "127.0.0.1, 10.1.2.3/8,::1"}):
            self.assertEqual(
                environment.networks("X_PROXIES"),
                [*(ipaddress.ip_network(each) for each in ("127.0.0.1", "10.0.0.0/8", "::1"))],
            )
        self.assertEqual(environment.networks("X_PROXIES"), [])

    def test_what_is_none_is_named(self) -> None:
        with (
            mock.patch.dict("os.environ", {"X_PROXIES": "proxy.internal"}),
            self.assertRaisesMessage(ImproperlyConfigured, "X_PROXIES must name addresses"),
        ):
            environment.networks("X_PROXIES")
