"""What keeps the dashboard closed: who may see it, who may post, and what a browser may do with a page."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import urlparse

from tornado.web import HTTPError

from migrator.web.flower_parts import inline_scripts

OURS = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The content security policy of our pages: nothing inline, nothing from elsewhere."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def policy_of_flower() -> str:
    """The policy of Flower's own pages: its one inline script by its hash; its tables set styles."""
    hashes = " ".join(f"'sha256-{_hash(script)}'" for script in inline_scripts())
    return (
        f"default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


class Closed:
    """Before a handler of Flower's or of ours: with authentication on, nobody gets anything without it.

    Flower itself leaves /metrics and /healthcheck open, and forgets the challenge in the answers of its API.
    """

    policy = OURS
    is_open = False
    """For what one needs to log in."""

    def set_default_headers(self) -> None:
        """Ours beside those of the handler."""
        super().set_default_headers()  # type: ignore[misc]
        for name, value in {**HEADERS, "Content-Security-Policy": self.policy}.items():
            self.set_header(name, value)  # type: ignore[attr-defined]

    def prepare(self) -> Any:
        """Basic auth closes every route; OAuth all but the way to log in, and pages lead there by themselves."""
        options = self.application.options  # type: ignore[attr-defined]
        if options.basic_auth and not self.is_open:
            self.get_current_user()  # type: ignore[attr-defined]
        return super().prepare()  # type: ignore[misc]

    def write_error(self, status_code: int, **more: Any) -> None:
        """With the challenge, without which a browser does not ask for a password."""
        if status_code == 401 and self.application.options.basic_auth:  # type: ignore[attr-defined]
            self.set_header("WWW-Authenticate", 'Basic realm="flower"')  # type: ignore[attr-defined]
        super().write_error(status_code, **more)  # type: ignore[misc]


class ClosedToStrangers(Closed):
    """The same for what programs read, and leads nobody to a page to log in."""

    def prepare(self) -> Any:
        """401 without a user, whatever the way to authenticate."""
        if not self.current_user:  # type: ignore[attr-defined]
            raise HTTPError(401)
        return super().prepare()


def user_of(handler: Any) -> str | None:
    """The name that somebody logged in with; None where nobody has to."""
    if isinstance(handler.current_user, str):
        return handler.current_user
    kind, _, said = handler.request.headers.get("Authorization", "").partition(" ")
    if kind != "Basic" or not handler.application.options.basic_auth:
        return None
    return base64.b64decode(said).decode().partition(":")[0] or None


def check_origin(handler: Any, check_token: Any) -> None:
    """Raise 403 for a post that another site made a browser send.

    A program that says its password itself and is no browser needs no token.
    """
    headers = handler.request.headers
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if site and site != "same-origin":
        raise HTTPError(403, "this request came from another site; nothing was done")
    if origin and urlparse(origin).netloc != handler.request.host:
        raise HTTPError(403, "this request came from another site; nothing was done")
    if site or origin or not headers.get("Authorization"):
        check_token()
