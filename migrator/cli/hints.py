"""What a person may have meant by a name that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterable

import click

from migrator.errors import MigratorError

_CHOICE = re.compile(r"'(?P<said>[^']*)' is not one of (?P<choices>.*)\.$", re.DOTALL)


def did_you_mean(said: str, known: Iterable[str]) -> str:
    """`` Did you mean x?`` with the name that is most like what was said; nothing where none is."""
    from difflib import get_close_matches

    found = get_close_matches(said, known, 1)
    return f" Did you mean {found[0]}?" if found else ""


def hint_for_usage(error: click.ClickException) -> str:
    """The same for the value of an option that takes one of several words."""
    choice = _CHOICE.search(error.message) if isinstance(error, click.BadParameter) else None
    return did_you_mean(choice["said"], re.findall(r"'([^']*)'", choice["choices"])).strip() if choice else ""


_NAMED = {"UnknownDatabase": "database", "UnknownTenant": "tenant"}


def hint_for_error(error: MigratorError) -> str:
    """The same for the name of a database or tenant that is not registered; asks the registry."""
    kind = _NAMED.get(type(error).__name__) or str(error.facts.get("kind", ""))
    said = str(error.facts.get(kind) or error.facts.get("names") or "")
    if kind not in _NAMED.values() or not said:
        return ""
    from migrator.cli.control import store
    from migrator.fleet import facts

    try:
        with store().begin() as connection:
            return did_you_mean(said.partition(",")[0], facts.names(connection, kind)).strip()
    except MigratorError:
        return ""  # the error itself is what has to be said
