"""Signed messages by Celery's own ``auth`` serializer, and what it leaves open: for which task a body was signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from celery import Celery
from celery.exceptions import ImproperlyConfigured, SecurityError

from migrator.errors import SigningExtraMissing, SigningFailed

SERIALIZER = "auth"
CONTENT_TYPE = "application/data"
SIGNED_FOR = "migrator_signed_for"
"""In the signed body: id and task. Celery signs the body alone, so a stranger could send it under other headers."""


def bind(body: Any, task_id: str, name: str) -> None:
    """Write into a body of protocol 2 for which task and under which id it is meant."""
    body[2][SIGNED_FOR] = [task_id, name]


def is_bound(body: Any, headers: Mapping[str, Any]) -> bool:
    """Whether a body was written for the task and the id in its headers."""
    return bool((body[2] or {}).get(SIGNED_FOR) == [headers.get("id"), headers.get("task")])


def settings_of(key: str, certificate: str, store: str | None, passphrase: str | None) -> dict[str, Any]:
    """Celery's settings for signed messages; results and what Flower is told stay plain JSON."""
    return {
        "security_key": key,
        "security_certificate": certificate,
        "security_cert_store": store,
        "security_key_password": passphrase.encode() if passphrase else None,
        "task_serializer": SERIALIZER,
        "accept_content": [SERIALIZER],
        "result_accept_content": ["json"],
    }


def sign_and_verify(app: Celery) -> None:
    """Turn on what the application's settings ask for, in this whole process. Raises SigningFailed with the reason."""
    _turn_on(app.setup_security)


def sign_only(app: Celery) -> None:
    """Teach this process to sign what the application sends, and leave every other serializer as it is."""

    def register() -> None:
        from celery.security.serialization import register_auth

        conf = app.conf
        key, certificate = _text(conf.security_key), _text(conf.security_certificate)
        register_auth(key, conf.security_key_password, certificate, conf.security_cert_store)

    _turn_on(register)


def _turn_on(work: Any) -> None:
    try:
        import cryptography  # noqa: F401 - is it there?
    except ImportError:
        raise SigningExtraMissing(package="cryptography") from None
    try:
        work()
    except OSError as error:
        raise SigningFailed(reason=f"{error.filename}: {error.strerror}") from None
    except (SecurityError, ImproperlyConfigured, ValueError, TypeError) as error:
        raise SigningFailed(reason=" ".join(str(error).split())) from None


def _text(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()
