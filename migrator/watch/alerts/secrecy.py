"""Keeps the addresses of channels to themselves: in Slack's and others' they are the password."""

from __future__ import annotations

import re

SHORTEST = 4
"""Characters; shorter parts of an address give nothing away, and blacking them out would make nonsense."""
HIDDEN = "***"


def without(text: str, *secrets: str) -> str:
    """The text with every secret blacked out, in whole and in parts: user, password, path, values of the query."""
    parts = {part for secret in secrets for part in (secret, *re.split(r"[/?&=@:#,\s]+", secret))}
    for part in sorted((part for part in parts if len(part) >= SHORTEST), key=len, reverse=True):
        if part.lower() not in _PLAIN:
            text = re.sub(re.escape(part), HIDDEN, text, flags=re.IGNORECASE)
    return text


_PLAIN = frozenset(("http", "https", "json", "jsons", "slack", "localhost", "127.0.0.1"))
"""Parts of addresses that are no secret."""
