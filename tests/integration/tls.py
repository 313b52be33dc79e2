"""A TLS end in front of a server that has none, as PostgreSQL and Valkey would speak it themselves."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading

SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
"""What libpq sends before it speaks TLS; the server agrees with one letter."""


class TlsEnd:
    """Listens on loopback with a certificate and hands everything on in the clear."""

    def __init__(self, to: int, certified, authority, *, asks_first: bool) -> None:
        self._to, self._asks_first = to, asks_first
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certified.certificate, certified.key)
        self._context.load_verify_locations(authority.certificate)
        self._context.verify_mode = ssl.CERT_OPTIONAL
        self.handshakes = 0
        self.guests: list[object] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._door.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                guest, _ = self._door.accept()
                threading.Thread(target=self._meet, args=[guest], daemon=True).start()

    def _meet(self, guest: socket.socket) -> None:
        with contextlib.suppress(OSError), guest:
            if self._asks_first:
                if guest.recv(8) != SSL_REQUEST:
                    return  # in the clear: not here
                guest.sendall(b"S")
            with self._context.wrap_socket(guest, server_side=True) as inside:
                self.handshakes += 1
                self.guests.append(inside.getpeercert())
                self._join(inside)

    def _join(self, inside: ssl.SSLSocket) -> None:
        with socket.create_connection(("127.0.0.1", self._to)) as server:
            back = threading.Thread(target=_pour, args=[server, inside], daemon=True)
            back.start()
            _pour(inside, server)
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            back.join(5)


def _pour(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
