"""Ports on loopback, the only address where the servers listen."""

from __future__ import annotations

import secrets
import socket

LOOPBACK = "127.0.0.1"

_PORTS = range(20_000, 32_000)  # below the ephemeral range, from which outgoing connections take


def free_port() -> int:
    """A port that nobody listens on, by lot: programs that count up from one number would meet."""
    return next(port for port in secrets.SystemRandom().sample(_PORTS, 1000) if is_free(port))


def is_free(port: int) -> bool:
    """Whether a server could listen there now; connections of an earlier one that still linger do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True
