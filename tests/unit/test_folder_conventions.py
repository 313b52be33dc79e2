"""Every convention of naming migrations is recognised by its files and read into the same nouns."""

from __future__ import annotations

import pytest

from migrator.errors import (
    DownWithoutUp,
    DuplicateVersion,
    MixedConventions,
    UnfitFile,
    UnknownConvention,
    UnnamedFile,
    UnreadableFile,
    UnrecognisedFolder,
)
from migrator.folder import CONVENTIONS, read_folder
from migrator.folder.checksum import checksum
from migrator.model.version import Version

A, DROP_A = "CREATE TABLE a ();\n", "DROP TABLE a;\n"


@pytest.fixture
def read(tmp_path):
    def written(files: dict[str, str | bytes], convention: str | None = None):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_folder(tmp_path, convention)

    return written


SAMPLES = {
    "flyway": {"V1__a.sql": A, "U1__a.sql": DROP_A},
    "pairs": {"0001_a.up.sql": A, "0001_a.down.sql": DROP_A},
    "per-folder": {"0001_a/up.sql": A, "0001_a/down.sql": DROP_A},
    "sectioned": {"0001_a.sql": f"-- migrate:up\n{A}-- migrate:down\n{DROP_A}"},
    "numbered": {"0001_a.sql": A},
}


def test_every_convention_has_a_sample_here_or_tests_of_its_own():
    assert set(CONVENTIONS) == set(SAMPLES) | {"alembic"}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_convention_is_recognised_by_its_files(read, name):
    (found,) = read(SAMPLES[name]).versioned
    assert (found.version.numbers, found.description) == ((1,), "a")
    assert [statement.text for statement in found.statements] == ["CREATE TABLE a ()"]
    assert (found.undo or DROP_A).strip().endswith("DROP TABLE a;")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_convention_that_is_named_reads_as_the_one_that_is_seen(read, name):
    assert read(SAMPLES[name]) == read(SAMPLES[name], name)


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("flyway", "V1__a.sql"),
        ("pairs", "0001_a.up.sql"),
        ("per-folder", "0001_a"),
        ("sectioned", "0001_a.sql"),
        ("numbered", "0001_a.sql"),
    ],
)
def test_history_gets_the_name_of_the_file_or_of_a_migrations_own_folder(read, name, script):
    assert str(read(SAMPLES[name]).versioned[0]) == script


@pytest.mark.parametrize("name", SAMPLES)
def test_the_checksum_is_made_of_the_whole_file_that_leads_forward(read, name):
    forward = next(iter(SAMPLES[name].values()))
    assert read(SAMPLES[name]).versioned[0].checksum == checksum(forward)


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "numbered"])
def test_the_way_back_knows_its_file(read, tmp_path, name):
    assert read(SAMPLES[name]).versioned[0].undo_path == tmp_path / list(SAMPLES[name])[-1]


@pytest.mark.parametrize("name", ["pairs", "per-folder", "numbered", "sectioned"])
def test_files_in_folders_below_belong_to_it(read, name):
    assert len(read({f"2024/q1/{file}": text for file, text in SAMPLES[name].items()}).versioned) == 1


@pytest.mark.parametrize("name", SAMPLES)
def test_windows_line_ends_a_mark_and_a_missing_last_line_end_survive(read, name):
    files = {
        file: b"\xef\xbb\xbf" + text.rstrip("\n").replace("\n", "\r\n").encode() for file, text in SAMPLES[name].items()
    }
    (found,) = read(files).versioned
    assert [statement.text.rstrip(";") for statement in found.statements] == ["CREATE TABLE a ()"]
    assert found.checksum == checksum(next(iter(SAMPLES[name].values())).rstrip("\n"))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_that_is_not_utf8_is_named_with_its_line(read, name):
    files = {file: text.encode() + b"\n-- \xff" for file, text in SAMPLES[name].items()}
    with pytest.raises(UnreadableFile, match=r"a.*\.sql cannot be read: byte \d+ is not UTF-8, in line \d+"):
        read(files)


def test_an_undo_of_flyway_must_have_its_migration(read):
    with pytest.raises(DownWithoutUp, match=r"/U2__b\.sql takes back .* there is no V2__b\.sql"):
        read({"V1__a.sql": A, "U2__b.sql": ""})


def test_two_undos_of_one_version_are_both_named(read):
    with pytest.raises(DuplicateVersion, match=r"U1\.0__b\.sql and .*/U1__a\.sql"):
        read({"V1__a.sql": A, "U1__a.sql": "", "U1.0__b.sql": ""})


def test_an_undo_without_a_version_is_refused(read):
    with pytest.raises(UnnamedFile, match=r"U__a\.sql is no migration: it has no version"):
        read({"V1__a.sql": A, "U__a.sql": ""})


def test_baseline_files_stand_beside_the_versions_that_they_replace(read):
    found = read({"V1__a.sql": A, "V5__b.sql": A, "B5__base.sql": A, "B1__base.sql": A})
    assert [m.script for m in found.baselines] == ["B1__base.sql", "B5__base.sql"]
    assert [m.script for m in found.versioned] == ["V1__a.sql", "V5__b.sql"]


def test_a_migration_without_a_way_back_has_none(read):
    (found,) = read({"0001_a.up.sql": A}).versioned
    assert (found.undo, found.undo_path, found.undo_is_empty) == (None, None, False)


@pytest.mark.parametrize("text", ["", "\n\n", "-- nothing to do\n", "/* a /* b */ c */", ";;\n"])
def test_an_empty_way_back_is_no_way_back_and_says_so(read, text):
    (found,) = read({"0001_a.up.sql": A, "0001_a.down.sql": text}).versioned
    assert (found.undo, found.undo_is_empty) == (None, True)


def test_the_way_back_may_be_sql_that_the_parser_cannot_read(read):
    (found,) = read({"0001_a.up.sql": A, "0001_a.down.sql": "DROP SPACESHIP a"}).versioned
    assert (found.undo, found.undo_is_empty) == ("DROP SPACESHIP a", False)


def test_up_and_down_belong_together_by_their_version_alone(read):
    (found,) = read({"01_create_a.up.sql": A, "1_drop_a.down.sql": DROP_A}).versioned
    assert found.undo == DROP_A


def test_numbers_are_compared_as_numbers(read):
    found = read({"0009_i.up.sql": "", "00010_j.up.sql": "", "20191100000001000000_z.up.sql": ""}).versioned
    assert [m.description for m in found] == ["i", "j", "z"]


@pytest.mark.parametrize(
    ("files", "first", "second"),
    [
        ({"0001_a.up.sql": A, "1_b.up.sql": A}, "0001_a.up.sql", "1_b.up.sql"),
        ({"1_a.up.sql": A, "1_a.down.sql": "", "1_b.down.sql": ""}, "1_a.down.sql", "1_b.down.sql"),
        ({"0001_a/up.sql": A, "1_b/up.sql": A}, "0001_a/up.sql", "1_b/up.sql"),
        ({"1_a.sql": "-- migrate:up", "1_b.sql": "-- migrate:up"}, "1_a.sql", "1_b.sql"),
    ],
)
def test_two_files_of_one_version_are_both_named(read, tmp_path, files, first, second):
    with pytest.raises(DuplicateVersion, match=f"{tmp_path / first} and {tmp_path / second}"):
        read(files)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"1_a.up.sql": A, "2_b.down.sql": ""}, r"/2_b\.down\.sql takes back .* there is no 2_b\.up\.sql"),
        ({"1_a/up.sql": A, "2_b/down.sql": ""}, r"/2_b/down\.sql takes back .* there is no up\.sql"),
    ],
)
def test_a_down_file_without_its_up_is_named(read, files, said):
    with pytest.raises(DownWithoutUp, match=said):
        read(files)


def test_of_pairs_for_several_systems_that_for_postgresql_is_taken(read):
    files = {
        "1_a.mysql.up.sql": "CREATE TABLE a () ENGINE=InnoDB",
        "1_a.postgres.up.sql": A,
        "1_a.up.sql": "general",
        "1_a.down.sql": DROP_A,
    }
    (found,) = read(files).versioned
    assert (found.sql, found.undo, found.description) == (A, DROP_A, "a")


def test_a_version_that_only_other_systems_have_is_none_of_ours(read):
    assert read({"1_a.mysql.up.sql": "x", "1_a.down.sql": "x", "2_b.up.sql": A}).latest.text == "2"


@pytest.mark.parametrize(
    ("metadata", "transactional"), [(None, True), ("run_in_transaction = false", False), ("# nothing", True)]
)
def test_diesels_metadata_takes_a_migration_out_of_the_transaction(read, metadata, transactional):
    files = {"1_a/up.sql": A, "1_a/down.sql": DROP_A}
    (found,) = read(files | ({"1_a/metadata.toml": metadata} if metadata else {})).versioned
    assert (found.transactional, found.written_undo.transactional) == (transactional, transactional)


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [("run_in_transaction = no", "line 1"), ("run_in_transaction = 'no'", "is 'no', neither true nor false")],
)
def test_metadata_that_cannot_be_read_is_named(read, metadata, reason):
    with pytest.raises(UnreadableFile, match=rf"/1_a/metadata\.toml cannot be read: .*{reason}"):
        read({"1_a/up.sql": A, "1_a/metadata.toml": metadata})


def test_a_mixture_says_which_file_follows_which_convention(read):
    with pytest.raises(MixedConventions, match=r"flyway: V1__a\.sql; pairs: 0002_b\.up\.sql; a folder has one"):
        read({"V1__a.sql": A, "0002_b.up.sql": A})


def test_a_mixture_of_numbered_files_and_pairs_is_no_folder_of_either(read):
    with pytest.raises(MixedConventions, match=r"pairs: 0001_a\.up\.sql; numbered: 0002_seed\.sql"):
        read({"0001_a.up.sql": A, "0002_seed.sql": A})


def test_a_long_list_of_files_is_cut(read):
    files = {f"V{n}__a.sql": A for n in range(1, 6)} | {"0009_b.up.sql": A}
    with pytest.raises(MixedConventions, match=r"V1__a\.sql, V2__a\.sql, V3__a\.sql and 2 more; pairs"):
        read(files)


@pytest.mark.parametrize("file", ["orders.sql", "env.py", "0001_initial.py", "changelog.xml", "up.sql.erb"])
def test_a_folder_that_follows_no_convention_says_what_it_has_and_which_there_are(read, file):
    with pytest.raises(UnrecognisedFolder) as caught:
        read({file: "x"})
    assert f"it has {file}; " in str(caught.value)
    assert all(f"{each.name}: {each.example}" in str(caught.value) for each in CONVENTIONS.values())


@pytest.mark.parametrize("file", ["README.md", ".gitkeep", "__init__.py", ".git/a.sql"])
def test_a_folder_without_migrations_is_empty(read, file):
    assert read({file: ""}).migrations == ()


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "flyway"])
def test_a_file_that_does_not_fit_is_named_with_what_would(read, name):
    with pytest.raises(UnfitFile, match=r"/seed\.sql does not fit .* named .*what"):
        read(SAMPLES[name] | {"seed.sql": ""})


def test_a_convention_that_does_not_exist_is_refused_with_those_that_do(read):
    with pytest.raises(UnknownConvention, match=r"no naming convention 'flywya', did you mean flyway\?; there are: fl"):
        read({}, "flywya")


def test_a_migration_keeps_a_long_name(read):
    name = "a" * 63
    assert read({f"0001_{name}.up.sql": A}).versioned[0].description == name


@pytest.mark.parametrize("text", [A, "-- +migrate Up\n" + A], ids=["numbered", "sql-migrate"])
def test_a_tool_that_goes_by_whole_names_may_give_one_number_twice(read, text):
    found = read({"0001_b.sql": text, "0001_a.sql": text, "0002_c.sql": text}).versioned
    assert [m.script for m in found] == ["0001_a.sql", "0001_b.sql", "0002_c.sql"]
    assert found[0].version == Version("1")


def test_a_version_made_of_a_name_stays_when_a_file_comes_between(read):
    before = read({"1_a.sql": A, "1_c.sql": A}).versioned
    after = read({"1_a.sql": A, "1_b.sql": A, "1_c.sql": A}).versioned
    assert (before[0].version, before[1].version) == (after[0].version, after[2].version)
