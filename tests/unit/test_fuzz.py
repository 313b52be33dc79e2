"""Whatever comes in from outside ends in a noun of ours or in an error of ours, soon. ``make fuzz`` tries longer."""

from __future__ import annotations

import contextlib
import os
import tempfile
from datetime import timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.cli import COMMANDS, cli
from migrator.errors import BadSchemaName, MigratorError
from migrator.folder import read_folder
from migrator.folder.statements import read_script, split_statements
from migrator.model.door import parse_payload, refused_payload
from migrator.model.event import EventType
from migrator.model.history import Mark
from migrator.model.identifier import checked_schema_name
from migrator.model.storable import storable
from migrator.model.version import Version
from migrator.wire import form

SECONDS = timedelta(seconds=20)
TIMES = int(os.environ.get("FUZZ", "1"))


def fuzz(examples: int):
    """So many examples, times what ``make fuzz`` says; none may take longer than a hang would."""
    return settings(max_examples=examples * TIMES, deadline=SECONDS)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)
fields = st.sampled_from(
    ["tenant_id", "tenant_slug", "database_id", "schema_name", "region", "port", "labels", "scope", "canary",
     "wave_size", "max_failures", "target_databases", "target_schemas", "scheduled_time", "maintenance_window",
     "to_version", "execution_id", "strategy", "options", "\x00", "__class__"]
)  # fmt: skip
payloads = st.dictionaries(fields | st.text(max_size=10), json_values, max_size=8)


@given(st.sampled_from(EventType), payloads)
@fuzz(200)
def test_a_payload_is_read_or_refused_with_a_sentence_and_can_be_stored(type_, payload):
    refusal = refused_payload(type_, payload)
    try:
        parse_payload(type_, payload)
    except MigratorError as error:
        said = str(error)
    else:
        said = ""
    assert bool(said) == (refusal is not None)
    str(storable(type_, payload)).encode()


@given(st.text() | st.from_regex(r"[A-Za-z_]\w{0,80}", fullmatch=True))
@fuzz(300)
def test_a_schema_name_that_is_accepted_needs_no_quotes(name):
    try:
        checked = checked_schema_name(name)
    except BadSchemaName:
        return
    assert checked == name
    assert name.isascii()
    assert name.replace("_", "a").isalnum()
    assert not name[0].isdigit()
    assert len(name) <= 63


@given(st.text())
@fuzz(300)
def test_a_version_is_read_or_refused(text):
    with contextlib.suppress(MigratorError):
        assert Version(str(Version(text))) == Version(text)


@given(st.text())
@fuzz(300)
def test_any_comment_on_a_schema_is_a_mark_or_none(text):
    assert isinstance(Mark.read(text), Mark | None)


PIECES = st.sampled_from(
    ["$$", "$a$", "'", '"', "--", "/*", "*/", ";", "\\", "E'", "U&'", "BEGIN", "BEGIN ATOMIC", "END",
     "COPY t FROM stdin;",
     "\\.", "\n", " ", "SELECT 1", "CREATE FUNCTION f() RETURNS int LANGUAGE sql", "AS", "{", "}", "${x}", ":x", "\x00",
     "-- migrator:", "transactional=", "timeout=", "depends=", "destructive=", "10min", "regional:1", "ä", "\ufeff",
     "𝄞", "CREATE INDEX CONCURRENTLY i ON t (c)", "DO $$", "-- migrate:up", "-- +goose Up", "\\connect x",
     "%s", "%"]
)  # fmt: skip
scripts = st.lists(PIECES | st.text(max_size=5), max_size=25).map("".join)


@given(scripts)
@fuzz(200)
def test_any_script_is_split_or_refused(text):
    with contextlib.suppress(MigratorError):
        split_statements(text, Path("V1__x.sql"))
        read_script(text, Path("V1__x.sql"))


NAMES = st.sampled_from(
    ["V1__a.sql", "V1__b.sql", "V1.2__c.sql", "U1__a.sql", "R__v.sql", "B5__b.sql", "V__x.sql", "0001_a.up.sql",
     "0001_a.down.sql", "2024_x.sql", "up.sql", "down.sql", "env.py", "V2__x.py", "migrator.toml", "folder.toml",
     "V1__%s.sql", "V1__'.sql", 'V1__".sql', "V99999999999999999999999__x.sql", "V1__a.sql~", ".hidden", "V1_.sql"]
)  # fmt: skip
odd_names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\x00"), min_size=1, max_size=20)
file_names = NAMES | odd_names.filter(lambda name: name not in (".", "..") and len(name.encode()) < 250)
contents = scripts.map(lambda text: text.encode(errors="replace")) | st.binary(max_size=60)


@given(st.dictionaries(file_names, contents | st.none(), max_size=5))
@fuzz(120)
def test_any_folder_is_read_or_refused(files):
    with tempfile.TemporaryDirectory() as place:
        for name, content in files.items():
            path = Path(place) / name
            if content is None:
                path.mkdir()
                (path / "up.sql").write_bytes(b"SELECT 1;")
            else:
                path.write_bytes(content)
        with contextlib.suppress(MigratorError):
            assert read_folder(Path(place)).migrations is not None


def leaves(command: click.Command, words: tuple[str, ...] = ()):
    """Every command with its words."""
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from leaves(command.get_command(click.Context(command), name), (*words, name))
    else:
        yield words, command


LONG_LIVED = {"dashboard", "demo", "doctor", "health", "init", "local", "metrics", "relay", "watch"}
"""They start or ask servers, wait, or change a database that this machine may have."""
COMMAND_LINES = [(words, command) for words, command in leaves(cli) if words[0] not in LONG_LIVED]
tokens = st.sampled_from(
    ["--json", "--to", "--scope", "tenant", "--database", "--tenant", "--canary", "-1", "999999999999999999999", "NaN",
     "50%", "-5%", "--max-failures", "--", "-", "", "--url", "postgresql://[", "x'; DROP TABLE y; --", "%s", "\x00",
     "ä", "--schema", "--folder", "/nowhere", "--help", "--dry-run", "--since", "1999-99-99", "..", "\n",
     "{0}", "[red]x[/"]
)  # fmt: skip


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A directory with nothing in it, and no server anywhere."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("nowhere")
@given(st.sampled_from(COMMAND_LINES), st.lists(tokens | st.text(max_size=8), max_size=6))
@settings(max_examples=150 * TIMES, deadline=SECONDS, suppress_health_check=[])
def test_any_command_line_ends_with_a_sentence_and_an_exit_code_of_ours(line, more):
    words, _ = line
    done = CliRunner().invoke(cli, [*words, *more], input="")
    if isinstance(done.exception, MigratorError):
        assert done.exception.exit_code in range(4)
        return
    assert done.exception is None or isinstance(done.exception, SystemExit), (words, more, done.exc_info)
    assert done.exit_code in range(4)


def test_the_fuzzed_commands_are_nearly_all():
    assert {words[0] for words, _ in COMMAND_LINES} == set(COMMANDS) - LONG_LIVED
    assert len(LONG_LIVED) < 10


header_values = json_values | st.sampled_from(["migrator.tenant.deleted", "x", 0, [None, None], "\x00"])
names_of_headers = st.sampled_from(["task", "id", "retries", "timelimit", "eta", "expires", "stamped_headers", "group"])


@given(json_values | st.dictionaries(names_of_headers, header_values))
@fuzz(200)
def test_headers_are_accepted_only_with_the_types_that_celery_takes_for_granted(headers):
    if form.broken_headers(headers) is None:
        assert isinstance(headers["task"], str)
        assert isinstance(headers["id"], str)
        assert isinstance(headers.get("retries"), int | None)
        assert len(headers.get("timelimit") or [0, 0]) == 2


@given(json_values)
@fuzz(200)
def test_anything_that_lies_in_a_queue_is_an_envelope_or_refused(raw):
    assert form.broken_envelope(raw)
    assert form.broken_body(raw) is None or isinstance(form.broken_body(raw), str)
