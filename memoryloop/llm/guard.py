"""The guard: the IP addresses that this server connects to for a learner.

guarded.py asks it when it connects. It resolves a name once and connects to the address that was
checked, so that a name that resolves differently the second time (DNS rebinding) gains nothing.
"""

import enum
import ipaddress
from ipaddress import IPv4Address, IPv6Address

from django.conf import settings

# Metadata services, where clouds give a machine its secrets. One of them has a public address.
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
    """The values of settings.LEARNER_ENDPOINTS: which servers learners may name."""

    ANY = "any"
    PUBLIC = "public"
    OFF = "off"


class NotAllowed(OSError):
    """This server does not connect to the address for a learner."""


def reach() -> Reach:
    return Reach(settings.LEARNER_ENDPOINTS)


def is_allowed(address: str) -> bool:
    """Tell whether an IP address may be connected to for a learner, under the current settings."""
    ip = _unwrap(address)
    if ip.is_link_local or ip.is_multicast or ip in _METADATA:
        return False
    if reach() is Reach.ANY:
        return True
    return reach() is Reach.PUBLIC and _is_public(ip)


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv6Address) and (ip.is_reserved or ip.is_site_local):
        return False
    return ip.is_global


def _unwrap(address: str) -> IPv4Address | IPv6Address:
    """Return the address, or the IPv4 address that an IPv6 one embeds."""
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
