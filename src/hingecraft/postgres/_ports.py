"""Ports on the loopback address."""

from __future__ import annotations

from .errors import CannotStart


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """Choose a port below the range that the system hands out for outgoing connections."""
    import random

    for port in random.SystemRandom().sample(range(20_000, 32_000), 200):
        if is_free(port):
            return port
    raise CannotStart("No free port was found between 20000 and 32000.", hint="See what listens there: ss -ltn")
