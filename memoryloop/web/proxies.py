"""Who sent a request: only the proxies in MEMORYLOOP_PROXIES are believed about that.

Everybody can send X-Forwarded-For and its like. So they are removed from a request that does not
come from a named proxy, and nothing behind ProxyMiddleware needs to ask where they are from.
"""

import ipaddress
import logging
from collections.abc import Iterator
from typing import Any

from django.conf import settings

logger = logging.getLogger(__name__)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_SCHEME = "HTTP_X_FORWARDED_PROTO"
_CHAIN = "HTTP_X_FORWARDED_FOR"
SAID_BY_PROXIES = frozenset(
    (
        _CHAIN,
        _SCHEME,
        "HTTP_X_FORWARDED_HOST",
        "HTTP_X_FORWARDED_PORT",
        "HTTP_X_REAL_IP",
        "HTTP_FORWARDED",
    )
)


def settle(meta: dict[str, Any]) -> None:
    """Set REMOTE_ADDR to the visitor's address, and keep X-Forwarded-Proto, if a named proxy says.

    `meta` is the META of a request.
    """
    peer = _address(meta.get("REMOTE_ADDR", ""))
    chain = list(_chain(meta.get(_CHAIN, "")))
    scheme = meta.get(_SCHEME, "").rpartition(",")[2].strip().lower()
    for header in SAID_BY_PROXIES & meta.keys():
        del meta[header]
    if peer is not None and _is_named(peer):
        meta["REMOTE_ADDR"] = str(_visitor(peer, chain))
        if scheme:
            meta[_SCHEME] = scheme
        return
    if peer is None or peer in chain:
        # The server has believed the header already, as uvicorn does without --no-proxy-headers:
        # the address is one that the header names, or no address at all. Whom it believed is not
        # known here, so the address is worth nothing.
        meta["REMOTE_ADDR"] = ""
        _warn_once()
    if scheme and settings.HTTPS and not settings.PROXIES:
        # As before proxies could be named. Who lies is not redirected to https, no more.
        meta[_SCHEME] = scheme


def _visitor(peer: Address, chain: list[Address | None]) -> Address:
    """Return the last address of the chain that is no named proxy's. The rest is hearsay."""
    visitor = peer
    for address in reversed(chain):
        if address is None:
            return visitor
        visitor = address
        if not _is_named(address):
            break
    return visitor


def _is_named(address: Address) -> bool:
    return any(address in network for network in settings.PROXIES)


def _chain(header: str) -> Iterator[Address | None]:
    """Yield the addresses of X-Forwarded-For; None for what is none."""
    for item in header.split(",") if header else ():
        yield _address(item)


def _address(text: str) -> Address | None:
    """Read an address, which may have a port: 192.0.2.1:80, [2001:db8::1]:80."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


_warned = False


def _warn_once() -> None:
    global _warned
    if not _warned:
        _warned = True
        logger.warning(
            "The web server believes X-Forwarded-For by itself, so visitors' addresses are not "
            "known: start uvicorn with --no-proxy-headers and name the proxy in "
            "MEMORYLOOP_PROXIES (docs/hosting.md)."
        )
