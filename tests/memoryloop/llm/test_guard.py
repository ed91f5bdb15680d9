import asyncio
import socket
import threading

import pytest
from django.test import override_settings

from memoryloop import llm
from memoryloop.llm import guard, guarded, limits, transport
from tests.memoryloop.llm.helpers import ask, ask_until_it_fails
from tests.servers import OpenAIServer

INSIDE = [
    "127.0.0.1",
    "127.8.8.8",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "0.0.0.0",
    "::1",
    "::",
    "fd00::1",
    "fec0::1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "2002:7f00:1::",
    "64:ff9b::7f00:1",
    "240.0.0.1",
]
NEVER = [
    "169.254.169.254",
    "fe80::1%eth0",
    "224.0.0.1",
    "ff02::1",
    "168.63.129.16",
    "100.100.100.200",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
]


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_for_those_who_run_it_for_themselves(address: str) -> None:
    with override_settings(LEARNER_ENDPOINTS="any"):
        assert guard.is_allowed(address)
    for reach in ("public", "off"):
        with override_settings(LEARNER_ENDPOINTS=reach):
            assert not guard.is_allowed(address)


@pytest.mark.parametrize("address", NEVER)
def test_no_setting_opens_where_machines_are_told_their_secrets(address: str) -> None:
    for reach in ("any", "public", "off"):
        with override_settings(LEARNER_ENDPOINTS=reach):
            assert not guard.is_allowed(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_the_public_internet_is_open_unless_it_is_off(address: str) -> None:
    for reach, allowed in (("any", True), ("public", True), ("off", False)):
        with override_settings(LEARNER_ENDPOINTS=reach):
            assert guard.is_allowed(address) is allowed


def test_an_own_server_streams(compatible: OpenAIServer) -> None:
    compatible.reply("Because memory fades.")
    assert ask(llm.LearnerEndpoint(compatible.url, "", "local-model")) == "Because memory fades."


def test_an_address_inside_is_refused_when_it_is_connected_to(compatible: OpenAIServer) -> None:
    with override_settings(LEARNER_ENDPOINTS="public"):
        _, error = ask_until_it_fails(llm.LearnerEndpoint(compatible.url, "", "local-model"))
    assert isinstance(error, llm.AddressRefused)
    assert compatible.requests == []


def test_a_redirect_is_not_followed(compatible: OpenAIServer) -> None:
    compatible.script(status=307, headers={"Location": "http://169.254.169.254/"}, body="")
    came, _ = ask_until_it_fails(llm.LearnerEndpoint(compatible.url, "", "local-model"))
    assert came == ""
    assert len(compatible.requests) == 1


def test_an_answer_without_end_is_cut(
    compatible: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded, "MAX_RESPONSE_BYTES", 2_000)
    compatible.reply("word " * 1_000)
    _, error = ask_until_it_fails(llm.LearnerEndpoint(compatible.url, "", "local-model"))
    assert isinstance(error, llm.BrokenOff)


def test_a_compressed_answer_is_not_unpacked(compatible: OpenAIServer) -> None:
    compatible.script(status=200, headers={"Content-Encoding": "gzip"}, body="{}")
    _, error = ask_until_it_fails(llm.LearnerEndpoint(compatible.url, "", "local-model"))
    assert isinstance(error, llm.BadResponse)


def test_no_proxy_of_the_environment_connects_for_a_learner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")

    async def client_of() -> bool:
        client = await transport.http_client("https://example.org", guarded=True)
        return bool(client.trust_env)

    assert not asyncio.run(client_of())


def test_a_check_tells_what_is_wrong(
    compatible: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "KEY_CHECK_SECONDS", 60.0)
    checked = llm.check_endpoint(compatible.url)
    assert (checked.model, checked.models, checked.problem) == ("local-model", ("local-model",), "")
    assert "named “gone”" in llm.check_endpoint(compatible.url, model="gone").problem
    with pytest.raises(llm.AuthenticationFailed, match="in Settings"):
        llm.check_endpoint(compatible.url, "sk-refused")
    with pytest.raises(llm.Unreachable, match="cannot be reached"):
        llm.check_endpoint("http://127.0.0.1:9")
    monkeypatch.setattr("socket.getaddrinfo", _finds_nothing)
    with pytest.raises(llm.Unreachable, match="cannot be reached"):
        llm.check_endpoint("http://nowhere.invalid")


def _finds_nothing(*_: object, **__: object) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_a_check_ends_in_time(compatible: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KEY_CHECK_SECONDS", 0.2)
    # A name server that never answers holds up a thread, and not the learner.
    released = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: released.wait(30) or [])
    try:
        with pytest.raises(llm.TimedOut):
            llm.check_endpoint("http://slow.invalid")
    finally:
        released.set()
