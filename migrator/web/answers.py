"""What our routes are made of: pages, JSON documents, actions, streams."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from tornado.ioloop import IOLoop
from tornado.web import HTTPError, RequestHandler, authenticated

from migrator.errors import (
    EXIT_REFUSED,
    BadInput,
    MigratorError,
    TransientError,
    UnknownAlert,
    UnknownExecution,
    UnknownTenant,
)
from migrator.web.flower_parts import BaseHandler, StaticFileHandler
from migrator.web.hub import Hub
from migrator.web.security import Closed, check_origin, user_of
from tasks import desk

T = TypeVar("T")
WORTH_PACKING = 4096
"""Bytes of a document from which on it is sent compressed to whoever takes that."""
NOT_THERE = (UnknownExecution, UnknownTenant, UnknownAlert)


class Answer(Closed, BaseHandler):
    """Every answer of ours but files: never open to other origins, and errors in a sentence."""

    def set_default_headers(self) -> None:
        """Flower can be told to let every site read; what is ours never does."""
        super().set_default_headers()
        for name in ("Access-Control-Allow-Origin", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods"):
            self.clear_header(name)
        self.set_header("Cache-Control", "no-store")

    def options(self, *_: Any, **__: Any) -> None:
        """No preflight is answered: nobody else's page may call us."""
        raise HTTPError(405)

    def check_xsrf_cookie(self) -> None:
        """Also where nobody has to log in, which is when Flower checks nothing; Tornado asks this before anything."""
        if self.application.options.basic_auth:
            self.get_current_user()
        check_origin(self, lambda: RequestHandler.check_xsrf_cookie(self))

    @property
    def hub(self) -> Hub:
        """The readers of the ledger that all streams share."""
        return self.application.settings["migrator_hub"]  # type: ignore[no-any-return]

    async def asked(self, question: Callable[..., T], *arguments: Any) -> T:
        """Ask the ledger in another thread, so that the loop goes on. Raises HTTPError with the error's sentence."""
        try:
            answer = await IOLoop.current().run_in_executor(self.hub.threads, question, *arguments)
        except MigratorError as error:
            raise HTTPError(status_of(error), "%s", str(error)) from error
        return answer  # type: ignore[no-any-return]

    @property
    def is_read_only(self) -> bool:
        """Whether nothing may be steered from here."""
        return bool(self.application.options.read_only)

    def write_json(self, document: Any) -> None:
        """A document for programs, and for our own scripts."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        said = json.dumps(document, default=plain).encode()
        if len(said) > WORTH_PACKING and "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.set_header("Vary", "Accept-Encoding")
            said = gzip.compress(said, 5)
        self.write(said)


class Page(Answer):
    """A page for people. ``render_page`` adds what every page of ours needs."""

    @authenticated
    def prepare(self) -> Any:
        """Leads to the page to log in, where there is one."""
        return super().prepare()

    def render_page(self, template: str, **values: Any) -> None:
        """A template that extends ``migrator.html``."""
        self.render(template, read_only=self.is_read_only, who=user_of(self), **values)

    def write_error(self, status_code: int, **more: Any) -> None:
        """The sentence in a page of ours, so that somebody who followed an old link is not lost."""
        if status_code == 401 or self._headers_written:
            super().write_error(status_code, **more)
            return
        self.current_user = getattr(self, "_current_user", None)
        self.render_page("migrator_error.html", status=status_code, sentence=sentence_of(more))


class Document(Answer):
    """A JSON document; errors are documents too: ``{"error": sentence}``."""

    def prepare(self) -> Any:
        """401 without a user, whatever the way to authenticate."""
        if not self.current_user:
            raise HTTPError(401)
        return super().prepare()

    def write_error(self, status_code: int, **more: Any) -> None:
        """One sentence under ``error``."""
        self.set_status(status_code)
        if status_code == 401 and self.application.options.basic_auth:
            self.set_header("WWW-Authenticate", 'Basic realm="flower"')
        self.write_json({"error": sentence_of(more) or self._reason})
        self.finish()


class Action(Document):
    """A post that changes something: refused when the dashboard is read-only, and done under somebody's name."""

    def prepare(self) -> Any:
        """403 before anything is read."""
        done = super().prepare()
        if self.is_read_only:
            raise HTTPError(403, "this dashboard is read-only; nothing was done")
        return done

    @property
    def by(self) -> str:
        """Who does it, for the audit trail: the name of the login, else that it came from here."""
        return user_of(self) or f"dashboard@{desk.host()}"

    @property
    def wishes(self) -> dict[str, Any]:
        """The JSON object of the body; empty for none."""
        try:
            said = json.loads(self.request.body or b"{}")
        except ValueError:
            raise HTTPError(400, "the body is not JSON; nothing was done") from None
        if not isinstance(said, dict):
            raise HTTPError(400, "the body is not a JSON object; nothing was done")
        return said


class Files(Closed, StaticFileHandler):
    """Our scripts and styles; a browser asks each time whether they changed, so that a release is seen at once."""

    def prepare(self) -> Any:
        """Files need no login: the page to log in has none of ours, and they are the same for everybody."""

    def get_cache_time(self, *_: Any) -> int:
        """No time for which nobody asks."""
        return 0

    def set_extra_headers(self, path: str) -> None:
        """Ask, and get 304 when nothing changed."""
        self.set_header("Cache-Control", "no-cache")


def status_of(error: MigratorError) -> int:
    """The HTTP status that says of an error what its exit code says."""
    if isinstance(error, NOT_THERE):
        return 404
    if isinstance(error, TransientError):
        return 503
    if error.exit_code == EXIT_REFUSED:
        return 409
    return 400 if isinstance(error, BadInput) else 500


def sentence_of(more: dict[str, Any]) -> str:
    """What an error says to a person; nothing for one that was not meant for them."""
    error = more.get("exc_info", (None, None))[1]
    if not isinstance(error, HTTPError) or not error.log_message:
        return ""
    return error.log_message % error.args if error.args else str(error.log_message)


def plain(value: Any) -> Any:
    """What JSON does not know, as text."""
    return value.isoformat() if isinstance(value, datetime) else str(value)
