"""Which addresses a learner may have this server connect to, checked when it connects.

A name is resolved once and the connection goes to the address that was checked, so that a name
which answers differently the second time (DNS rebinding) gains nothing.
"""

import enum
import ipaddress
from ipaddress import IPv4Address, IPv6Address

from django.conf import settings

# Where clouds tell a machine its own secrets. None of them is ever a model, and one looks public.
_METADATA = frozenset(
    ipaddress.ip_address(each)
    for each in (
        "100.100.100.200",  # Alibaba Cloud
        "168.63.129.16",  # Azure
        "fd00:ec2::254",  # AWS over IPv6; its 169.254.169.254 is link-local as Google's is
    )
)
# RFC 6052's prefix: the last 32 bits are an IPv4 address.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Reach(enum.StrEnum):
    """What settings.LEARNER_ENDPOINTS says: which servers learners may name."""

    ANY = "any"
    PUBLIC = "public"
    OFF = "off"


class NotAllowed(OSError):
    """An address that this server does not connect to for a learner."""


def reach() -> Reach:
    return Reach(settings.LEARNER_ENDPOINTS)


def is_allowed(address: str) -> bool:
    """Tell whether an IP address may be connected to for a learner, under today's settings."""
    ip = _bare(address)
    if ip.is_link_local or ip.is_multicast or ip in _METADATA:
        return False
    if reach() is Reach.ANY:
        return True
    return reach() is Reach.PUBLIC and _is_public(ip)


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv6Address) and (ip.is_reserved or ip.is_site_local):
        return False
    return ip.is_global


def _bare(address: str) -> IPv4Address | IPv6Address:
    """Return an address; of an IPv6 one that carries an IPv4 address, that."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, IPv4Address):
        return ip
    if ip.ipv4_mapped:
        return ip.ipv4_mapped
    if ip.sixtofour:
        return ip.sixtofour
    if ip.teredo:
        return ip.teredo[1]
    if ip in _NAT64:
        return IPv4Address(ip.packed[-4:])
    return ip
