"""What a message must look like to be worked on; everything that a stranger may have written is looked at here."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

MESSAGE_LIMIT = 2**20
"""Bytes that the fields of a message may have, as JSON, unless a setting says otherwise."""
HEADROOM = 2**16
"""Bytes for what is around them: headers, signature, delivery."""
LONGEST_ID = 200
LONGEST_NAME = 200

_TEXTS = (
    "root_id",
    "parent_id",
    "group",
    "eta",
    "expires",
    "shadow",
    "argsrepr",
    "kwargsrepr",
    "origin",
    "replaced_task",
)
_NUMBERS = ("retries", "group_index", "replaced_task_nesting")
_FLAGS = ("ignore_result", "redelivered")
_LISTS = ("timelimit", "stamped_headers")


def raw_limit(limit: int) -> int:
    """Bytes of a whole message as it lies in Valkey: base64 once, and twice when it is signed."""
    return 2 * limit + HEADROOM


def broken_envelope(raw: Any) -> str | None:
    """Why what lay in a queue of Valkey is no message at all; None when it can be unpacked."""
    if not isinstance(raw, Mapping):
        return "it is not a message of Celery's"
    properties, headers, body = raw.get("properties"), raw.get("headers"), raw.get("body")
    if not isinstance(properties, Mapping) or not isinstance(headers, Mapping) or not isinstance(body, str):
        return "it lacks properties, headers or a body"
    delivery = properties.get("delivery_info")
    if not isinstance(delivery, Mapping) or not isinstance(properties.get("delivery_tag"), str):
        return "it does not say how it was delivered"
    if not all(isinstance(delivery.get(name), str) for name in ("exchange", "routing_key")):
        return "it does not say how it was delivered"
    if not isinstance(delivery.get("priority", properties.get("priority", 0)), int | None):
        return "its priority is not a number"
    return _broken_encoding(properties.get("body_encoding"), body)


def _broken_encoding(encoding: Any, body: str) -> str | None:
    if encoding is None:
        return None
    if encoding != "base64":
        return "its body is encoded in an unknown way"
    try:
        base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return "its body is not base64"
    return None


def broken_headers(headers: Any) -> str | None:
    """Why Celery must not see these headers: it takes their types for granted, and a wrong one ends a worker."""
    if not isinstance(headers, Mapping):
        return "its headers are not a mapping"
    if (reason := _broken_names(headers)) is not None:
        return reason
    wrong = [
        *(name for name in _TEXTS if not isinstance(headers.get(name), str | None)),
        *(name for name in _NUMBERS if not _is_count(headers.get(name))),
        *(name for name in _FLAGS if not isinstance(headers.get(name), bool | None)),
        *(name for name in _LISTS if not isinstance(headers.get(name), list | tuple | None)),
    ]
    if wrong:
        return f"its header {wrong[0]} is not of the right type"
    return _broken_limits(headers.get("timelimit"))


def _broken_names(headers: Mapping[str, Any]) -> str | None:
    task, task_id = headers.get("task"), headers.get("id")
    if not isinstance(task, str) or not 0 < len(task) <= LONGEST_NAME:
        return "it names no task"
    if not isinstance(task_id, str) or not 0 < len(task_id) <= LONGEST_ID:
        return "it has no id, or one that is too long"
    return None


def _is_count(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31)


def _broken_limits(limits: Any) -> str | None:
    if limits and (len(limits) != 2 or not all(isinstance(each, int | float | None) for each in limits)):
        return "its header timelimit is not of the right type"
    return None


def broken_body(body: Any) -> str | None:
    """Why a decoded body is not one of Celery's protocol 2: positional fields, named fields, what comes after."""
    if not isinstance(body, list | tuple) or len(body) != 3:
        return "its body is not of Celery's protocol 2"
    args, kwargs, embed = body
    if not isinstance(args, list | tuple) or not isinstance(kwargs, dict) or not isinstance(embed, dict | None):
        return "its body is not of Celery's protocol 2"
    return None
