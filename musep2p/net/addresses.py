"""The addresses of this machine."""

from __future__ import annotations

import ifaddr

__all__ = ["live_addresses"]


def live_addresses(listen: str) -> list[str]:
    """The IPv4 addresses that a peer listening on `listen` is reached at; loopback only if nothing else is there."""
    if listen not in ("0.0.0.0", "::", "*"):
        return [listen]
    found = [str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    outside = [address for address in found if not address.startswith("127.")]
    return outside or found
