"""Ports on the loopback address."""

import random
import socket
from contextlib import closing

import psutil

HOST = "127.0.0.1"
# Below the range that the kernel uses for outgoing connections, so that a remembered port stays free.
OURS = range(21_000, 32_000)


def is_free(port: int) -> bool:
    """Whether a server could listen on it now."""
    with closing(socket.socket()) as client:
        client.settimeout(0.5)
        if client.connect_ex((HOST, port)) == 0:
            return False
    with closing(socket.socket()) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((HOST, port))
        except OSError:
            return False
    return True


def choose(remembered: int | None = None) -> int:
    """The remembered port while it is free, else another free one."""
    if remembered and is_free(remembered):
        return remembered
    return next(port for port in random.SystemRandom().sample(OURS, len(OURS)) if is_free(port))


def next_free(start: int) -> int:
    """The first free port from `start` upwards."""
    return next(port for port in range(start, 65_536) if is_free(port))


def holder(port: int) -> str:
    """Who listens there, as far as this user may know: `nginx (process 812)`."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,) and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        pass
    return "another program"
