"""A proxy between a second app and its database, whose connections a test can cut."""

from __future__ import annotations

from support.tcp_proxy import TcpProxy


class DatabaseProxy(TcpProxy):
    """Passes bytes on until it is cut; from then until it is restored, every connection ends at once."""
