"""The dashboard is closed by default."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from config.flower import DEFAULTS, is_loopback
from migrator.web import dashboard as module


@pytest.fixture
def flower(monkeypatch):
    """What would have been handed to Flower."""
    started = []
    monkeypatch.setattr(module, "flower", SimpleNamespace(callback=lambda options: started.append(list(options))))
    return started


def start(*options: str):
    return CliRunner().invoke(module.dashboard, options, obj=SimpleNamespace(app=None))


@pytest.mark.parametrize(
    "options",
    [[], ["--port=8080"], ["--address=127.0.0.1"], ["--address=127.8.8.8"], ["--address=::1"], ["--address=localhost"]],
)
def test_loopback_needs_no_password(flower, options):
    assert start(*options).exit_code == 0
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
    "options",
    [
        ["--basic_auth=ann:secret"],
        ["--basic-auth=ann:secret"],
        ["--auth=.*@example.org", "--auth_provider=flower.views.auth.GoogleAuth2LoginHandler"],
    ],
)
def test_an_address_that_others_can_reach_is_fine_with_authentication(flower, options):
    assert start("--address=0.0.0.0", *options).exit_code == 0
    assert "--address=0.0.0.0" in flower[0]


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


def test_the_last_address_counts_as_it_does_for_flower(flower):
    assert start("--address=127.0.0.1", "--address=0.0.0.0").exit_code != 0


def test_our_defaults_are_added_and_what_a_person_says_wins(flower):
    start("--port=8080", "--max-tasks=7")
    assert "--port=8080" in flower[0]
    assert f"--address={DEFAULTS['address']}" in flower[0]
    assert f"--tasks_columns={DEFAULTS['tasks_columns']}" in flower[0]
    assert [option for option in flower[0] if option.startswith(("--port", "--max"))] == [
        "--port=8080",
        "--max-tasks=7",
    ]


def test_the_columns_that_show_progress_are_on():
    assert {"args", "result"} <= set(DEFAULTS["tasks_columns"].split(","))


def test_the_default_address_is_loopback():
    assert is_loopback(DEFAULTS["address"])
