"""HTTP clients for the SDKs, shared by all learners on one event loop.

A TLS context costs tens of milliseconds and a handshake two round trips, which a first token would
wait for. Only connections are shared: keys are sent with each request, cookies are not kept.
"""

import asyncio
import functools
import ssl
from collections.abc import AsyncGenerator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from memoryloop.llm import limits as time_limits

if TYPE_CHECKING:
    import httpx2

# Whether the address is local, whether it uses TLS, and whether the client is guarded.
_Kind = tuple[bool, bool, bool]
_Keeper = AsyncGenerator["httpx2.AsyncClient", None]
_kept: dict[asyncio.AbstractEventLoop, dict[_Kind, tuple["httpx2.AsyncClient", _Keeper]]] = {}


def is_local(url: str) -> bool:
    """Tell whether an address is on this machine, which is reached without a proxy."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def timeout(read_seconds: float) -> "httpx2.Timeout":
    import httpx2

    return httpx2.Timeout(
        connect=time_limits.CONNECT_SECONDS,
        read=read_seconds,
        write=read_seconds,
        pool=time_limits.CONNECT_SECONDS,
    )


async def http_client(url: str, *, guarded: bool = False) -> "httpx2.AsyncClient":
    """Return the running loop's client for an address. It is closed with the loop, not by callers.

    A guarded client connects only to addresses that guard.py allows.
    """
    loop = asyncio.get_running_loop()
    kind = (is_local(url), urlsplit(url).scheme == "https", guarded)
    clients = _kept.get(loop)
    if clients is None:
        for other in [known for known in _kept if known.is_closed()]:
            _kept.pop(other, None)
        clients = _kept[loop] = {}
    if kind not in clients:
        # A loop has no hook for its end, but asyncio.run and its like call shutdown_asyncgens(),
        # which closes this asynchronous generator and so the client.
        keeper = _keep(clients, kind)
        clients[kind] = await anext(keeper), keeper
    return clients[kind][0]


async def _keep(clients: dict[_Kind, tuple["httpx2.AsyncClient", _Keeper]], kind: _Kind) -> _Keeper:
    import httpx2

    local, tls, guarded = kind
    # Without TLS an empty context will do, which saves the loading of certificates.
    context = _tls_context() if tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    limits = httpx2.Limits(max_connections=1000, max_keepalive_connections=20)
    guarded_transport: httpx2.AsyncBaseTransport | None = None
    if guarded:
        from memoryloop.llm.guarded import GuardedTransport

        guarded_transport = GuardedTransport(context, limits)
    client = httpx2.AsyncClient(
        trust_env=not local and not guarded,
        verify=context,
        limits=limits,
        transport=guarded_transport,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )
    try:
        yield client
    finally:
        clients.pop(kind, None)
        await client.aclose()


@functools.cache
def _tls_context() -> ssl.SSLContext:
    import httpx2

    return httpx2.create_ssl_context()
