"""The dashboard is closed by default."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from config.flower import DEFAULTS, is_loopback
from migrator.web import dashboard as module
from migrator.web.flower_parts import options


@pytest.fixture
def flower(monkeypatch, tmp_path):
    """What Flower would have been started with."""
    started = []

    def start(_):
        started.append({name: getattr(options, name) for name in (*DEFAULTS, "basic_auth", "auth")})

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "flower", SimpleNamespace(callback=start))
    monkeypatch.setattr(module.plugin, "install", lambda: None)
    before = {name: option._value for name, option in options._options.items()}
    yield started
    for name, value in before.items():
        options._options[name]._value = value


def start(*given: str):
    return CliRunner().invoke(module.dashboard, given, obj=SimpleNamespace(app=None))


@pytest.mark.parametrize(
    "given",
    [
        [],
        ["--port=8080"],
        ["--address=127.0.0.1"],
        ["--address=127.8.8.8"],
        ["--address=::1"],
        ["--address=localhost"],
        ["--unix_socket=/tmp/socket", "--address="],
    ],
)
def test_loopback_needs_no_password(flower, given):
    assert start(*given).exit_code == 0
    assert len(flower) == 1


@pytest.mark.parametrize(
    "address", ["0.0.0.0", "::", "", "10.0.0.5", "192.168.1.1", "db.example.org", "0", "127.0.0.1.x"]
)
def test_an_address_that_others_can_reach_is_refused_without_authentication(flower, address):
    done = start(f"--address={address}")
    assert done.exit_code != 0
    assert f"the dashboard would be open to everybody who can reach {address}" in done.output
    assert flower == []


@pytest.mark.parametrize(
    "given",
    [
        ["--basic_auth=ann:secret"],
        ["--basic-auth=ann:secret"],
        ["--auth=.*@example.org", "--auth_provider=flower.views.auth.GoogleAuth2LoginHandler"],
    ],
)
def test_an_address_that_others_can_reach_is_fine_with_authentication(flower, given):
    assert start("--address=0.0.0.0", *given).exit_code == 0
    assert flower[0]["address"] == "0.0.0.0"


@pytest.mark.parametrize("empty", ["--basic_auth=", "--auth=", "--auth_provider=flower.views.auth.GitHubLoginHandler"])
def test_an_option_by_which_flower_lets_everybody_in_is_no_authentication(flower, empty):
    assert start("--address=0.0.0.0", empty).exit_code != 0
    assert flower == []


def test_an_empty_password_in_the_environment_is_no_authentication(flower, monkeypatch):
    monkeypatch.setenv("FLOWER_BASIC_AUTH", "")
    assert start("--address=0.0.0.0").exit_code != 0


def test_the_environment_is_checked_like_the_command_line(flower, monkeypatch):
    monkeypatch.setenv("FLOWER_ADDRESS", "0.0.0.0")
    assert start().exit_code != 0
    monkeypatch.setenv("FLOWER_BASIC_AUTH", "ann:secret")
    assert start().exit_code == 0


def test_flowers_configuration_file_is_read_and_checked_too(flower, tmp_path):
    (tmp_path / "flowerconfig.py").write_text("address = '0.0.0.0'\nport = 8081\n")
    assert start().exit_code != 0
    (tmp_path / "flowerconfig.py").write_text("address = '0.0.0.0'\nport = 8081\nbasic_auth = ['ann:secret']\n")
    assert start().exit_code == 0
    assert flower[0]["port"] == 8081


def test_the_last_address_counts_as_it_does_for_flower(flower):
    assert start("--address=127.0.0.1", "--address=0.0.0.0").exit_code != 0


def test_our_defaults_hold_and_what_a_person_says_wins(flower):
    assert start("--port=8080", "--max-tasks=7").exit_code == 0
    assert flower[0] == {**DEFAULTS, "port": 8080, "max_tasks": 7, "basic_auth": [], "auth": ""}


def test_the_columns_that_show_progress_are_on():
    assert {"args", "result"} <= set(str(DEFAULTS["tasks_columns"]).split(","))


def test_the_default_address_is_loopback():
    assert is_loopback(str(DEFAULTS["address"]))
