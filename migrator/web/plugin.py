"""Puts our pages into Flower's process: routes before Flower's own, a link in its menu, and everything closed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tornado.template import DictLoader

from migrator.web import flower_parts
from migrator.web.answers import Files
from migrator.web.hub import Hub
from migrator.web.routes import ROUTES
from migrator.web.security import Closed, ClosedToStrangers, policy_of_flower

HERE = Path(__file__).parent
READ_BY_PROGRAMS = ("/metrics", "/healthcheck")
"""Flower's routes that it leaves open with authentication on."""
LEADS_IN = ("/login/?", "/logout", "/static/(.*)")
"""Flower's routes that somebody needs who has not logged in yet."""


def install(hub: Hub | None = None) -> Hub:
    """Change Flower's routes and settings, which it reads when it starts; twice does no harm."""
    settings = flower_parts.settings
    if "migrator_hub" not in settings:
        flower_parts.handlers[:] = [*_ours(), *map(_closed, flower_parts.handlers)]
        settings["template_loader"] = DictLoader(_templates())
        settings["xsrf_cookie_kwargs"] = {"samesite": "Strict"}
    settings["migrator_hub"] = hub or settings.get("migrator_hub") or Hub()
    made: Hub = settings["migrator_hub"]
    return made


def _ours() -> list[Any]:
    files = flower_parts.url(r"/migrator/static/(.*)", Files, {"path": str(HERE / "static")})
    return [*(flower_parts.url(pattern, handler, name=name) for pattern, handler, name in ROUTES), files]


def _closed(found: Any) -> Any:
    """A route of Flower's, behind our door."""
    pattern, handler, arguments, name = flower_parts.routes_of(found)
    path = pattern.removesuffix("$")
    if path == LEADS_IN[0]:
        return found  # makes whatever handler the way to log in needs
    door = ClosedToStrangers if path in READ_BY_PROGRAMS else Closed
    more = {"policy": policy_of_flower(), "is_open": path in LEADS_IN}
    return flower_parts.url(path, type(f"Closed{handler.__name__}", (door, handler), more), arguments, name)


def _templates() -> dict[str, str]:
    """Flower's and ours in one namespace, with our entry in Flower's menu."""
    found = flower_parts.templates()
    ours = {file.name: file.read_text(encoding="utf-8") for file in (HERE / "templates").glob("*.html")}
    if "navbar.html" in found:
        found["navbar.html"] = flower_parts.with_link(found["navbar.html"], ours["migrator_link.html"])
    return found | ours
