"""A local HTTP server that stands for the service behind a channel: keeps what it was sent, and can be out of order."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """Listens on loopback inside the block; ``got`` has (path, headers, body) of each request that it took."""

    def __init__(self, port: int = 0) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.refused = 0
        self.status = 200
        self.hold = threading.Event()
        self.hold.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                receiver.hold.wait(30)
                if receiver.status < 300:
                    receiver.got.append((self.path, dict(self.headers), body))
                else:
                    receiver.refused += 1
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def apprise(self) -> str:
        return f"json://127.0.0.1:{self.port}/told"

    @property
    def webhook(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def documents(self, path: str = "/") -> list[dict[str, Any]]:
        return [json.loads(body) for where, _, body in list(self.got) if where.startswith(path)]

    def titles(self) -> list[str]:
        return [said["title"] for said in self.documents()]
