"""Settings: which source wins, and all mistakes at once."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from config import settings as configuration
from config.settings import Settings
from migrator.errors import BadSettings, SettingsMissing
from migrator.model.preflight import PreflightLimits
from tasks import desk


@pytest.fixture(autouse=True)
def somewhere(tmp_path, monkeypatch):
    """An empty directory to run in, and settings that are read anew."""
    monkeypatch.chdir(tmp_path)
    configuration.load.cache_clear()
    yield tmp_path
    configuration.load.cache_clear()


def write(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def test_without_anything_set_there_are_defaults():
    found = Settings()
    assert (found.control_url, found.broker_url, found.credential) == (None, None, None)
    assert (found.lanes, found.history_table, str(found.migrations)) == (4, "flyway_schema_history", "migrations")


def test_the_environment_beats_the_toml_file_and_that_beats_the_local_one(somewhere, monkeypatch):
    write(somewhere / ".migrator/local.toml", "lanes = 1\nlease = 1\nlock_timeout = 1\n")
    write(somewhere / "migrator.toml", "lanes = 2\nlease = 2\n")
    monkeypatch.setenv("MIGRATOR_LANES", "3")
    found = Settings()
    assert (found.lanes, found.lease, found.lock_timeout) == (3, 2.0, 1.0)


def test_every_mistake_is_in_one_message(somewhere, monkeypatch):
    write(somewhere / "migrator.toml", 'spare_lanes = -1\nlog_format = "xml"\nlaness = 3\n')
    monkeypatch.setenv("MIGRATOR_LANES", "none")
    monkeypatch.setenv("MIGRATOR_LEASE", "0")
    with pytest.raises(BadSettings) as caught:
        desk.settings()
    said = str(caught.value)
    assert said.startswith("the settings are wrong:\n")
    for name in ("spare_lanes", "log_format", "laness", "lanes", "lease"):
        assert f"  {name}: " in said


def test_a_wrong_value_is_not_quoted_back(monkeypatch):
    monkeypatch.setenv("MIGRATOR_LANES", "hunter2")
    with pytest.raises(BadSettings) as caught:
        desk.settings()
    assert "hunter2" not in str(caught.value)


def test_a_list_that_cannot_be_read_is_a_mistake_like_any_other(monkeypatch):
    monkeypatch.setenv("MIGRATOR_SHARED_SCHEMAS", "[public")
    with pytest.raises(BadSettings, match="shared_schemas"):
        desk.settings()


def test_a_file_that_is_no_toml_is_named(somewhere):
    write(somewhere / "migrator.toml", "lanes: 4\n")
    with pytest.raises(BadSettings, match=r"migrator\.toml"):
        desk.settings()


@pytest.mark.parametrize("where", ["environment", "file"])
def test_a_misspelt_setting_is_refused_with_what_was_meant(somewhere, monkeypatch, where):
    if where == "file":
        write(somewhere / "migrator.toml", "lnaes = 3\n")
    else:
        monkeypatch.setenv("MIGRATOR_LNAES", "3")
    with pytest.raises(BadSettings) as caught:
        desk.settings()
    assert "lnaes: there is no such setting; did you mean lanes?" in str(caught.value)


def test_urls_do_not_show_their_passwords(monkeypatch):
    monkeypatch.setenv("MIGRATOR_CONTROL_URL", "postgresql://u:hunter2@h/d")
    assert "hunter2" not in repr(Settings())
    assert "hunter2" not in str(Settings())


@pytest.mark.parametrize(
    ("broker", "backend", "chosen"),
    [
        (None, None, None),
        ("redis://h/0", None, "redis://h/0"),
        ("rediss://h/0", None, "rediss://h/0"),
        ("valkey://h/0", None, "valkey://h/0"),
        ("amqp://h", None, None),
        ("amqp://h", "redis://r/1", "redis://r/1"),
        ("redis://h/0", "redis://r/1", "redis://r/1"),
    ],
)
def test_results_go_to_the_broker_when_it_can_hold_them(broker, backend, chosen):
    assert Settings(broker_url=broker, result_backend=backend).backend_url() == chosen


@pytest.mark.parametrize(
    ("broker", "backend", "breakers", "chosen"),
    [
        (None, None, None, None),
        ("redis://h/0", None, None, "redis://h/0"),
        ("amqp://h", "valkeys://r/1", None, "valkeys://r/1"),
        ("amqp://h", "rpc://", None, None),
        ("amqp://h", "rpc://", "redis://b/2", "redis://b/2"),
        ("redis://h/0", None, "redis://b/2", "redis://b/2"),
        ("sentinel://h", "sentinel://h", None, None),
    ],
)
def test_breakers_are_where_results_go_when_that_is_valkey_unless_a_setting_names_another(
    broker, backend, breakers, chosen
):
    found = Settings(broker_url=broker, result_backend=backend, breaker_url=breakers)
    assert found.breaker_store_url() == chosen


def test_settings_cannot_be_changed_while_the_program_runs():
    with pytest.raises(ValidationError, match="frozen"):
        Settings().lanes = 9


def test_settings_are_read_once(monkeypatch):
    first = configuration.load()
    monkeypatch.setenv("MIGRATOR_LANES", "9")
    assert configuration.load() is first


def test_a_missing_setting_names_the_variable_that_sets_it():
    with pytest.raises(SettingsMissing) as caught:
        desk.required(None, "the broker", "MIGRATOR_BROKER_URL")
    assert str(caught.value).startswith("the broker is not set; set MIGRATOR_BROKER_URL")


def test_the_limits_of_preflight_are_those_of_the_model_unless_they_are_set(somewhere, monkeypatch):
    assert desk.preflight_limits() == PreflightLimits()
    configuration.load.cache_clear()
    write(somewhere / "migrator.toml", "[preflight_limits]\ntransaction_stop = 5\n")
    assert desk.preflight_limits() == PreflightLimits(transaction_stop=5)
    configuration.load.cache_clear()
    monkeypatch.setenv("MIGRATOR_PREFLIGHT_LIMITS", '{"lag_stop": 7}')
    assert desk.preflight_limits() == PreflightLimits(transaction_stop=5, lag_stop=7)


def test_a_limit_of_preflight_that_is_not_there_is_a_mistake(somewhere):
    write(somewhere / "migrator.toml", "[preflight_limits]\ntransaction_halt = 5\n")
    with pytest.raises(BadSettings, match=r"preflight_limits\.transaction_halt"):
        desk.settings()


def test_an_error_about_settings_quotes_no_value(monkeypatch):
    monkeypatch.setenv("MIGRATOR_CONTROL_URL", "postgresql://u:c4n4ry@x/y")
    monkeypatch.setenv("MIGRATOR_SIGNING_KEY", "/c4n4ry.key")
    monkeypatch.setenv("MIGRATOR_LEASE", "c4n4ry")
    with pytest.raises(ValidationError, match="lease") as told:
        Settings()
    assert "c4n4ry" not in str(told.value)


def test_signing_needs_all_of_its_settings(monkeypatch):
    monkeypatch.setenv("MIGRATOR_SIGNING_KEY", "/x.key")
    with pytest.raises(ValidationError, match="missing: signing_certificate, signing_store"):
        Settings()
