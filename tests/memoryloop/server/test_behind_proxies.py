"""The recipes of docs/hosting.md for nginx, Caddy and Traefik, tried where these are installed."""

import contextlib
import http.client
import re
import shutil
import socket
import ssl
import subprocess
import urllib.parse
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.live import REPOSITORY, LiveMemoryLoop, free_port
from tests.memoryloop.server.processes import until

HOST = "learn.example.org"
PASSWORD = "correct horse battery staple"


def recipe(language: str, begins: str = "") -> str:
    """Return the first block of code in that language of docs/hosting.md that begins so."""
    text = (REPOSITORY / "docs/hosting.md").read_text()
    found = re.search(rf"```{language}\n({begins}.*?)```", text, re.DOTALL)
    assert found
    return found[1]


def replaced(text: str, **parts: tuple[str, str]) -> str:
    for old, new in parts.values():
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificate")
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", folder / "key.pem", "-out", folder / "cert.pem"),
            *("-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"),
        ],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="module")
def live(prepared_data: Path) -> Iterator[LiveMemoryLoop]:
    port = free_port()
    settings = {
        "MEMORYLOOP_HOSTS": f"{HOST},127.0.0.1",
        "MEMORYLOOP_HTTPS": "true",
        "MEMORYLOOP_PROXIES": "127.0.0.1",
        # A proxy's port is 443 elsewhere.
        "MEMORYLOOP_ORIGINS": f"https://{HOST}:{port}",
    }
    with LiveMemoryLoop(settings, like=prepared_data) as running:
        running.proxy_port = port  # type: ignore[attr-defined]
        yield running


@pytest.fixture(params=["nginx", "caddy", "traefik"])
def proxy(
    request: pytest.FixtureRequest, live: LiveMemoryLoop, certificate: Path, tmp_path: Path
) -> Iterator["Visitor"]:
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    port: int = live.proxy_port  # type: ignore[attr-defined]
    make = {"nginx": nginx, "caddy": caddy, "traefik": traefik}[request.param]
    with make(live.port, port, certificate, tmp_path) as process:
        visitor = Visitor(port, certificate)
        until(lambda: process.poll() is not None or visitor.reaches(), "the proxy answers")
        assert process.poll() is None, "the proxy does not take its recipe"
        yield visitor


@contextlib.contextmanager
def running(command: list[str | Path], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            env={"HOME": str(folder), "PATH": "/usr/bin:/usr/sbin:/bin"},
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def nginx(to: int, port: int, certificate: Path, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    server = replaced(
        recipe("nginx"),
        listens=("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        certificate=("/etc/ssl/learn.example.org.pem", str(certificate / "cert.pem")),
        key=("/etc/ssl/learn.example.org.key", str(certificate / "key.pem")),
        to=("127.0.0.1:8000", f"127.0.0.1:{to}"),
    )
    paths = "".join(
        f"{each}_temp_path {folder}/{each};"
        for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; user root; pid {folder}/pid; error_log {folder}/errors; events {{}}\n"
        f"http {{ access_log off; {paths}\n{server} }}"
    )
    with running(["nginx", "-c", folder / "nginx.conf", "-p", folder], folder) as process:
        yield process


@contextlib.contextmanager
def caddy(to: int, port: int, certificate: Path, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    site = replaced(
        recipe("caddy"),
        listens=(
            f"{HOST} {{",
            f"https://{HOST}:{port} {{\n"
            f"tls {certificate / 'cert.pem'} {certificate / 'key.pem'}\nbind 127.0.0.1",
        ),
        to=("127.0.0.1:8000", f"127.0.0.1:{to}"),
    )
    file = folder / "Caddyfile"
    file.write_text(f"{{\nauto_https off\nadmin off\n}}\n{site}")
    with running(["caddy", "run", "--config", file, "--adapter", "caddyfile"], folder) as process:
        yield process


@contextlib.contextmanager
def traefik(
    to: int, port: int, certificate: Path, folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    dynamic = replaced(
        recipe("yaml", "http:"),
        resolver=("tls:\n        certResolver: letsencrypt", "tls: {}"),
        to=("127.0.0.1:8000", f"127.0.0.1:{to}"),
    )
    pair = f"{{certFile: {certificate / 'cert.pem'}, keyFile: {certificate / 'key.pem'}}}"
    (folder / "dynamic.yml").write_text(f"{dynamic}\ntls: {{certificates: [{pair}]}}\n")
    static = replaced(recipe("yaml", "entryPoints:"), port=(":443", f"127.0.0.1:{port}"))
    static += f"\nproviders: {{file: {{filename: {folder / 'dynamic.yml'}}}}}\n"
    (folder / "traefik.yml").write_text(
        f"{static}global: {{checkNewVersion: false, sendAnonymousUsage: false}}\n"
    )
    program = shutil.which("traefik") or "traefik"
    with running([program, f"--configFile={folder / 'traefik.yml'}"], folder) as process:
        yield process


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str


class Visitor:
    """A browser of a sort: it trusts the certificate, and keeps cookies."""

    def __init__(self, port: int, certificate: Path) -> None:
        self.port = port
        self.context = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
        self.cookies: dict[str, str] = {}

    def reaches(self) -> bool:
        try:
            return self.ask("GET", "/healthz").status == 200
        except OSError:
            return False

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        with self.asked(method, path, body, **headers) as answer:
            return Answer(answer.status, answer.headers, answer.read().decode())

    @contextlib.contextmanager
    def asked(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> Iterator[http.client.HTTPResponse]:
        """Send a request to the proxy, which listens on loopback, by the site's name."""
        connection = http.client.HTTPConnection(f"{HOST}:{self.port}")
        # From an address that is no proxy's.
        plain = socket.create_connection(("127.0.0.1", self.port), 30, ("127.0.0.2", 0))
        with (
            plain,
            self.context.wrap_socket(plain, server_hostname=HOST) as secured,
            contextlib.closing(connection),
        ):
            connection.sock = secured
            connection.request(
                method,
                path,
                body=body,
                headers={
                    "Referer": f"https://{HOST}:{self.port}/",
                    "Cookie": "; ".join(f"{name}={each}" for name, each in self.cookies.items()),
                    "Connection": "close",
                    **{name.replace("_", "-"): value for name, value in headers.items()},
                },
            )
            with connection.getresponse() as answer:
                for line in answer.headers.get_all("Set-Cookie", []):
                    name, _, rest = line.partition("=")
                    self.cookies[name] = rest.partition(";")[0]
                    assert "Secure" in line
                yield answer

    def token(self, path: str) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.ask("GET", path).text)
        assert found
        return found[1]

    def post(self, path: str, form: dict[str, str], *, to: str = "", **headers: str) -> Answer:
        """Fill in a form of that page and send it, perhaps to another address."""
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": self.token(path), **form}).encode()
        kind = "application/x-www-form-urlencoded"
        return self.ask("POST", to or path, body, Content_Type=kind, **headers)

    def sign_up(self) -> None:
        form = {"name": "Ada", "email": f"ada-{uuid.uuid4().hex}@example.org"}
        answer = self.post("/accounts/sign-up/", {**form, "password": PASSWORD})
        assert answer.status == 302


def test_a_visitor_behind_it_is_known_by_their_own_address_whatever_they_send(
    proxy: Visitor, live: LiveMemoryLoop
) -> None:
    email = f"nobody-{uuid.uuid4().hex}@example.org"
    statuses = [
        proxy.post(
            "/accounts/login/",
            {"email": email, "password": "wrong"},
            X_Forwarded_For=f"203.0.113.{number}",
        ).status
        for number in range(12)
    ]
    assert statuses == [422] * 8 + [429] * 4


def test_it_is_https_and_a_form_of_the_site_is_accepted(proxy: Visitor) -> None:
    answer = proxy.ask("GET", "/")
    assert answer.status == 200
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    proxy.sign_up()


def test_a_large_file_goes_through(proxy: Visitor) -> None:
    proxy.sign_up()
    token = proxy.token("/cards/import/")
    # More than the megabyte that nginx takes by itself.
    rows = b"".join(b"question %d\t%s\n" % (n, b"answer " * 2_000) for n in range(200))
    body = (
        b'--x\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n'
        + token.encode()
        + b'\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
        + b"Content-Type: text/plain\r\n\r\n"
        + rows
        + b"\r\n--x--\r\n"
    )
    answer = proxy.ask(
        "POST", "/cards/import/", body, Content_Type="multipart/form-data; boundary=x"
    )
    assert answer.status in {302, 303}


def test_the_events_of_an_answer_are_not_held_back(proxy: Visitor) -> None:
    proxy.sign_up()
    answer = proxy.post("/chat/", {"content": "What is a monad?"}, to="/chat/start/")
    answer = proxy.ask("GET", answer.headers["Location"])
    stream = f"{re.findall(r'/chat/messages/[0-9a-f-]{36}/', answer.text)[-1]}stream/"
    with proxy.asked("GET", stream) as events:
        assert events.status == 200
        # The first line is sent at once and by itself.
        assert events.read1(100).startswith(b"retry:")
