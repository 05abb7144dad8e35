"""The way to the daemon where there are no unix sockets: TCP on the loopback, where anybody can listen and connect.

Both ends prove first that they can read a file which only this user can, and say nothing else before.
"""

import hashlib
import hmac
import os
import socket

from lsp_aid.sidecar.quick_json import JsonError, dumps, loads

_SECONDS = 5.0
_SIZE = 32


def proof(token: bytes, who: bytes, nonce: bytes) -> bytes:
    """What `who`, b"relay" or b"daemon", answers to the other's nonce of 32 bytes."""
    return hmac.new(token, who + nonce, hashlib.sha256).digest()


def connect(address: str) -> socket.socket | None:
    """A connection, not blocking, to the daemon whose port and token the file `address` tells; None where there is
    none, or where what listens does not know the token."""
    try:
        with open(os.open(address, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            told = loads(file.read(4096))
        token = bytes.fromhex(told["token"])
        end = socket.create_connection(("127.0.0.1", told["port"]), _SECONDS)
    except (OSError, JsonError, KeyError, TypeError, ValueError):
        return None
    try:
        nonce = os.urandom(_SIZE)
        end.sendall(nonce)
        answer = _exactly(end, 2 * _SIZE)
        if not hmac.compare_digest(answer[_SIZE:], proof(token, b"daemon", nonce)):
            raise ConnectionError("another program")
        end.sendall(proof(token, b"relay", answer[:_SIZE]))
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end.setblocking(False)
    except OSError:
        end.close()
        return None
    return end


def _exactly(end: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = end.recv(size - len(data))
        if not more:
            raise ConnectionError("it ended")
        data += more
    return data


def write_address(path: str, port: int, token: bytes) -> None:
    """Tells relays of this user where to connect."""
    temporary = f"{path}.{os.getpid()}"
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
        file.write(dumps({"port": port, "token": token.hex()}))
    os.replace(temporary, path)
