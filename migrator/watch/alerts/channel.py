"""The ways out: any service that apprise knows, and signed webhooks."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from migrator.errors import ChannelFailed
from migrator.model.alert import Severity
from migrator.watch.alerts.message import Message
from migrator.watch.alerts.secrecy import without
from migrator.watch.alerts.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign


class Channel(Protocol):
    """Sends a message, or raises ChannelFailed, which never says the address."""

    @property
    def name(self) -> str:
        """As the settings call it."""

    def send(self, message: Message) -> None:
        """Send it, within a few seconds."""


@dataclass(frozen=True, slots=True)
class AppriseChannel:
    """One or more of apprise's addresses."""

    name: str
    url: str = field(repr=False)
    """In apprise's own form."""

    def send(self, message: Message) -> None:
        """Raises ChannelFailed with what the service said. Apprise's own timeouts are four seconds each."""
        import apprise
        from apprise.logger import LogCapture

        ways = apprise.Apprise()
        with LogCapture(level=logging.WARNING) as said:
            if not ways.add(self.url):
                reason = "apprise does not know its address; https://appriseit.com lists the forms"
                raise ChannelFailed(channel=self.name, reason=reason)
            kind = _kind(message)
            try:
                sent = ways.notify(body=message.text, title=message.title, notify_type=kind, body_format="text")
            except Exception as error:  # noqa: BLE001 - over a hundred plugins of others; what they say may hold secrets
                raise ChannelFailed(channel=self.name, reason=f"apprise raised {type(error).__name__}") from None
            heard = said.getvalue()
        if not sent:
            reason = without(" ".join(heard.split()), self.url) or "the service did not take it"
            raise ChannelFailed(channel=self.name, reason=reason)


def _kind(message: Message) -> str:
    if message.kind == "resolved":
        return "success"
    if message.kind == "test":
        return "info"
    return "warning" if message.severity is Severity.WARNING else "failure"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A signed POST of the message as JSON."""

    name: str
    url: str = field(repr=False)
    secret: str = field(repr=False)
    timeout: float
    clock: Callable[[], float]
    """Unix seconds."""

    def send(self, message: Message) -> None:
        """Raises ChannelFailed unless the answer is 2xx; a redirect is no answer, it would carry the message away."""
        import requests

        body = json.dumps(message.document(), default=str).encode("utf-8")
        moment = int(self.clock())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "migrator",
            TIMESTAMP_HEADER: str(moment),
            SIGNATURE_HEADER: sign(self.secret, moment, body),
        }
        try:
            answer = requests.post(self.url, data=body, headers=headers, timeout=self.timeout, allow_redirects=False)
        except requests.RequestException as error:
            raise ChannelFailed(channel=self.name, reason=_cause(error)) from None
        if not answer.ok or answer.is_redirect:
            raise ChannelFailed(channel=self.name, reason=f"it answered {answer.status_code}")


def _cause(error: Exception) -> str:
    """The kind of the error alone: its text quotes the address."""
    return f"it could not be reached ({type(error).__name__})"
