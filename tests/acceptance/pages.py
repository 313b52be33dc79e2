"""Pages of the dashboard, asked for as a browser or a script would."""

from __future__ import annotations

import base64
from urllib.error import URLError
from urllib.request import Request, urlopen


def page(port: int, path: str, credentials: str = "") -> str:
    """What a page says; nothing while it cannot be had."""
    request = Request(f"http://127.0.0.1:{port}{path}")
    if credentials:
        request.add_header("Authorization", "Basic " + base64.b64encode(credentials.encode()).decode())
    try:
        with urlopen(request, timeout=10) as answer:
            return answer.read().decode(errors="replace")
    except (URLError, OSError):
        return ""
