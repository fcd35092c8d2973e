"""How many bytes another process has received over its TCP connections, asked of the kernel.

uv says how large a package is and when it has come, not how far it is; and what it writes is
unpacked already. The kernel counts: sock_diag(7), in Linux since 4.1.
"""

from __future__ import annotations

import os
import socket
import struct

SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
REQUEST_DUMP = 0x301
DONE_OR_ERROR = (2, 3)
INET_DIAG_INFO = 2
ALL_STATES = 0xFFFFFFFF
HEADER = struct.Struct("=IHHII")
# Offsets within inet_diag_msg and tcp_info, of linux/inet_diag.h and linux/tcp.h.
INODE_AT, MESSAGE_BYTES, RECEIVED_AT = 68, 72, 128


def bytes_of(pid: int) -> int:
    """Return what the open connections of `pid` received; 0 where the kernel does not tell."""
    try:
        mine = _sockets_of(pid)
        return sum(
            size
            for family in (socket.AF_INET, socket.AF_INET6)
            for inode, size in _connections(family)
            if inode in mine
        )
    except (OSError, struct.error, AttributeError):
        return 0


def _sockets_of(pid: int) -> set[int]:
    found = set()
    folder = f"/proc/{pid}/fd"
    for name in os.listdir(folder):
        try:
            target = os.readlink(f"{folder}/{name}")
        except FileNotFoundError:  # closed a moment ago
            continue
        if target.startswith("socket:["):
            found.add(int(target[8:-1]))
    return found


def _connections(family: int) -> list[tuple[int, int]]:
    """Return the inode of every TCP socket of this network and what came in by it, in bytes."""
    body = struct.pack("=BBBxI", family, socket.IPPROTO_TCP, 1 << (INET_DIAG_INFO - 1), ALL_STATES)
    body += bytes(48)
    found: list[tuple[int, int]] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, SOCK_DIAG) as kernel:
        kernel.settimeout(1)
        size = HEADER.size + len(body)
        kernel.send(HEADER.pack(size, SOCK_DIAG_BY_FAMILY, REQUEST_DUMP, 1, 0) + body)
        while True:
            data = kernel.recv(1 << 18)
            while data:
                size, kind = HEADER.unpack_from(data)[:2]
                if kind in DONE_OR_ERROR:
                    return found
                found.append(_read(data[HEADER.size : size]))
                data = data[(size + 3) & ~3 :]


def _read(message: bytes) -> tuple[int, int]:
    inode = struct.unpack_from("=I", message, INODE_AT)[0]
    at = MESSAGE_BYTES
    while at + 4 <= len(message):
        size, kind = struct.unpack_from("=HH", message, at)
        if kind == INET_DIAG_INFO and size >= 4 + RECEIVED_AT + 8:
            return inode, struct.unpack_from("=Q", message, at + 4 + RECEIVED_AT)[0]
        at += (size + 3) & ~3
    return inode, 0
