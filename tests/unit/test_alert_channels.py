"""Channels: signatures that a receiver can check by the manual, settings that are refused, and secrets that stay so."""

from __future__ import annotations

import re
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from pydantic import ValidationError

import migrator
from config import settings as configuration
from config.alerts import AlertSettings, ChannelSettings
from migrator.cli.durations import seconds_of
from migrator.errors import BadChannel, BadSettings, ChannelFailed, UnknownChannel
from migrator.watch.alerts.channel import AppriseChannel, Webhook
from migrator.watch.alerts.message import trial_message
from migrator.watch.alerts.secrecy import without
from migrator.watch.alerts.signature import sign
from tasks import alerting, channels, desk

SECRET = "xoxb-Canary-5ecret"
MANUAL = Path(migrator.__file__).parents[1] / "docs" / "alerts.md"
MESSAGE = trial_message(datetime(2026, 11, 24, tzinfo=UTC), "ann")


@pytest.fixture(autouse=True)
def somewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    configuration.load.cache_clear()
    yield tmp_path
    configuration.load.cache_clear()


@pytest.fixture
def is_ours():
    """The function of the manual, as a reader would copy it."""
    code = re.search(r"```python\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    place: dict[str, object] = {}
    exec(code[1], place)
    return place["is_ours"]


def signed(body=b'{"kind": "fired"}', moment=None, secret=SECRET):
    moment = int(time.time()) if moment is None else moment
    return {"X-Migrator-Timestamp": str(moment), "X-Migrator-Signature": sign(secret, moment, body)}


def test_the_manual_s_own_check_takes_what_we_sign(is_ours):
    assert is_ours(SECRET, signed(), b'{"kind": "fired"}')


def test_it_refuses_another_body_another_secret_another_moment_and_what_is_old(is_ours):
    body = b'{"kind": "fired"}'
    assert not is_ours(SECRET, signed(), body + b" ")
    assert not is_ours("another", signed(), body)
    assert not is_ours(SECRET, signed() | {"X-Migrator-Timestamp": str(int(time.time()) - 1)}, body)
    assert not is_ours(SECRET, signed(moment=int(time.time()) - 3600), body)


def test_the_signature_is_the_one_that_it_always_was():
    # printf '1700000000.{}' | openssl dgst -sha256 -hmac secret
    assert sign("secret", 1700000000, b"{}") == "v1=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "either url"),
        ({"url": "json://x", "webhook": "https://x", "secret": "s"}, "either url"),
        ({"webhook": "https://x"}, "needs a secret"),
        ({"url": "json://x", "secret": "s"}, "needs a secret"),
        ({"webhook": f"ftp://{SECRET}", "secret": "s"}, "begins with https://"),
        ({"url": "json://x", "rules": ["no_such"]}, "rules"),
    ],
)
def test_a_channel_that_cannot_be_one_is_refused(given, said):
    with pytest.raises(ValidationError, match=said):
        ChannelSettings(**given)


def test_a_refused_channel_is_named_and_its_secret_is_not_quoted(somewhere):
    (somewhere / "migrator.toml").write_text(f'[alerts.channels.ops]\nurrl = "{SECRET}"\nwebhook = "ftp://{SECRET}"\n')
    with pytest.raises(BadSettings) as caught:
        desk.settings()
    said = str(caught.value)
    assert "alerts.channels.ops" in said
    assert "did you mean url?" in said
    assert SECRET not in said


def test_a_secret_is_in_no_representation():
    settings = AlertSettings(channels={"ops": {"webhook": f"https://{SECRET}", "secret": SECRET}})
    ways = (AppriseChannel("ops", SECRET), Webhook("ops", SECRET, SECRET, 1.0, time.time))
    assert SECRET not in f"{settings!r} {settings} {ways!r} {ways}"


def test_a_channel_s_secret_is_where_its_reference_says(somewhere, monkeypatch):
    (somewhere / "secret").write_text(f"{SECRET}\nmore\n")
    (somewhere / "migrator.toml").write_text(
        '[alerts.channels.a]\nurl = "env:OPS"\n[alerts.channels.b]\nwebhook = "https://x"\nsecret = "file:secret"\n'
        '[alerts.channels.c]\nurl = "env:NOT_THERE"\n'
    )
    monkeypatch.setenv("OPS", f"json://{SECRET}")
    assert channels.channel("a").url == f"json://{SECRET}"
    assert channels.channel("b").secret == SECRET
    with pytest.raises(BadChannel, match="env: reference"):
        channels.channel("c")
    with pytest.raises(UnknownChannel, match="have: a, b, c"):
        channels.channel("d")


def test_a_webhook_that_cannot_be_reached_says_so_without_its_address(monkeypatch):
    def refuse(url, **_):
        raise requests.ConnectionError(f"Max retries exceeded with url: {url}")

    monkeypatch.setattr(requests, "post", refuse)
    with pytest.raises(ChannelFailed) as caught:
        Webhook("ops", f"https://x/{SECRET}", SECRET, 1.0, time.time).send(MESSAGE)
    assert str(caught.value) == (
        "channel ops did not take the message: it could not be reached (ConnectionError); "
        "'migrator alerts test' tries it again"
    )


@pytest.mark.parametrize("url", [f"no-such://{SECRET}", f"slack://{SECRET}", SECRET])
def test_an_address_that_apprise_does_not_know_is_not_quoted(url):
    with pytest.raises(ChannelFailed) as caught:
        AppriseChannel("ops", url).send(MESSAGE)
    assert SECRET.lower() not in str(caught.value).lower()


def test_every_part_of_an_address_is_blacked_out():
    url = "jsons://user:pass-word@host.example:8443/T0K3N/path?key=va1ue"
    said = "POST https://host.example:8443/T0K3N/path?key=va1ue as user, pass-word: 500"
    assert without(said, url) == "POST https://***:***/***/***?key=*** as ***, ***: 500"


def test_pauses_between_tries_double_up_to_the_longest(monkeypatch):
    assert [alerting.pause(tries) for tries in (1, 2, 3, 6, 1000)] == [2.0, 4.0, 8.0, 60.0, 60.0]


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30.0), ("15m", 900.0), ("2h", 7200.0), ("1.5d", 129600.0),
                                               ("2", None), ("soon", None), ("-2h", None)])  # fmt: skip
def test_durations_are_a_number_with_its_unit(text, seconds):
    assert seconds_of(text) == seconds


def test_the_settings_of_the_manual_are_settings():
    text = re.search(r"```toml\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    found = AlertSettings(**tomllib.loads(text[1])["alerts"])
    assert list(found.channels) == ["team", "pager"]


def test_what_a_plugin_of_apprise_raises_is_a_failure_without_its_text(monkeypatch):
    import apprise

    def broken(*_, **__):
        raise RuntimeError(f"cannot parse {SECRET}")

    monkeypatch.setattr(apprise.Apprise, "notify", broken)
    with pytest.raises(ChannelFailed, match=r"apprise raised RuntimeError; 'migrator"):
        AppriseChannel("ops", f"json://127.0.0.1/{SECRET}").send(MESSAGE)
