"""Everything of Flower's that is not a documented interface, in one place.

``tests/unit/test_flower_parts.py`` has a test for each name, so that an upgrade that breaks one says which.
"""

from __future__ import annotations

import re
from pathlib import Path

from flower import command
from flower.command import flower
from flower.urls import handlers, settings
from flower.views import BaseHandler
from flower.views.monitor import Metrics
from tornado.options import options
from tornado.template import filter_whitespace
from tornado.web import RequestHandler, StaticFileHandler, URLSpec, url

__all__ = [
    "BaseHandler",
    "Metrics",
    "RequestHandler",
    "StaticFileHandler",
    "flower",
    "handlers",
    "inline_scripts",
    "options",
    "read_options",
    "routes_of",
    "settings",
    "templates",
    "url",
    "with_link",
]

AUTHENTICATION = ("basic_auth", "auth")
"""Flower's options that close it; a provider alone lets everybody in who has an account there."""
_FIRST_ENTRY = '<li class="nav-item'
_INLINE = re.compile(r"<script[^>]*>([^<]+)</script>")
_SWITCH = "{{ autorefresh }}"


def read_options(program: str, given: tuple[str, ...]) -> None:
    """Let Flower read its environment, its command line and its configuration file, as it does when it starts."""
    command.apply_env_options()
    command.apply_options(program, given)


def is_closed() -> bool:
    """Whether Flower asks everybody who they are."""
    return any(any(value) if isinstance(value, list) else value for value in map(options.__getattr__, AUTHENTICATION))


def templates() -> dict[str, str]:
    """Flower's templates, source by name."""
    folder = Path(settings["template_path"])
    return {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.html")}


def with_link(navbar: str, entry: str) -> str:
    """The menu with our entry as its first; a menu that is made otherwise costs the link, never a page."""
    at = navbar.find(_FIRST_ENTRY)
    return navbar if at < 0 else navbar[:at] + entry + navbar[at:]


def inline_scripts() -> list[str]:
    """The scripts inside Flower's own pages, as browsers get them: each with its switch off and on."""
    sources = (filter_whitespace("single", source) for source in templates().values())  # as Tornado sends .html
    found = [script for source in sources for script in _INLINE.findall(source)]
    return sorted({script.replace(_SWITCH, switch) for script in found for switch in "01"})


def routes_of(found: URLSpec | tuple[str, type]) -> tuple[str, type, dict[str, object], str | None]:
    """Pattern, handler, arguments and name of an entry of Flower's list, which is of two kinds."""
    if isinstance(found, URLSpec):
        return found.regex.pattern, found.handler_class, found.kwargs, found.name
    pattern, handler, *more = found
    return pattern, handler, more[0] if more else {}, None
