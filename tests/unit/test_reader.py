"""Reading a migration folder from disk."""

from __future__ import annotations

import pytest

from migrator.errors import DuplicateRepeatable, DuplicateVersion, FolderMissing, UnnamedFile, UnreadableFile
from migrator.folder import read_folder
from migrator.folder.checksum import checksum


@pytest.fixture
def written(tmp_path):
    def write(files: dict[str, str | bytes]):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return write


def test_versioned_files_come_in_the_order_of_their_versions_and_repeatable_ones_after_them(written):
    path = written({"V10__c.sql": "", "R__a.sql": "", "V2__b.sql": "", "V1.5__a.sql": "", "R__B.sql": ""})
    assert [m.script for m in read_folder(path).migrations] == [
        "V1.5__a.sql",
        "V2__b.sql",
        "V10__c.sql",
        "R__B.sql",
        "R__a.sql",
    ]


def test_a_migration_has_its_text_statements_and_checksum(written):
    sql = "CREATE TABLE a ();\nCREATE TABLE b ();\n"
    (found,) = read_folder(written({"V1__two_tables.sql": sql})).versioned
    assert (found.sql, found.checksum, len(found.statements)) == (sql, checksum(sql), 2)
    assert (found.description, str(found)) == ("two tables", "V1__two_tables.sql")


def test_files_in_folders_below_belong_to_it(written):
    path = written({"2024/V1__a.sql": "", "2025/q1/V2__b.sql": ""})
    assert [m.script for m in read_folder(path).migrations] == ["V1__a.sql", "V2__b.sql"]


def test_other_files_and_undo_scripts_are_left_alone(written):
    path = written({"V1__a.sql": "", "U1__a.sql": "DROP", "README.md": "x", "V2__b.sql.swp": "x", "V3__c.txt": "x"})
    assert [m.script for m in read_folder(path).migrations] == ["V1__a.sql"]


def test_a_byte_order_mark_is_no_part_of_the_statement(written):
    (found,) = read_folder(written({"V1__a.sql": b"\xef\xbb\xbfSELECT 1;\r\n"})).versioned
    assert found.sql == "SELECT 1;\r\n"
    assert found.checksum == checksum("SELECT 1;")


def test_an_empty_folder_has_no_migrations(tmp_path):
    found = read_folder(tmp_path)
    assert (found.migrations, found.latest) == ((), None)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FolderMissing, match=r"there is no migration folder .*/absent; create it"):
        read_folder(tmp_path / "absent")


def test_two_files_of_one_version_are_both_named(written):
    path = written({"V1__a.sql": "", "deep/V1.0__b.sql": ""})
    with pytest.raises(DuplicateVersion) as caught:
        read_folder(path)
    assert str(path / "V1__a.sql") in str(caught.value)
    assert str(path / "deep/V1.0__b.sql") in str(caught.value)


def test_two_repeatable_files_of_one_description_are_both_named(written):
    path = written({"R__a_view.sql": "", "deep/R__a_view.sql": ""})
    with pytest.raises(DuplicateRepeatable) as caught:
        read_folder(path)
    assert str(path / "R__a_view.sql") in str(caught.value)
    assert str(path / "deep/R__a_view.sql") in str(caught.value)


def test_a_misnamed_file_stops_the_reading(written):
    path = written({"V1__a.sql": "", "orders.sql": ""})
    with pytest.raises(UnnamedFile, match=r"/orders\.sql is no migration"):
        read_folder(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"SELECT '\xff'", "byte 8 is not UTF-8"), ("SELECT 1".encode("utf-16"), "not UTF-8"), (b"SELECT 1;\0", "NUL")],
    ids=["latin", "utf-16", "nul"],
)
def test_a_file_that_is_not_text_is_named(written, content, reason):
    path = written({"V1__a.sql": content})
    with pytest.raises(UnreadableFile, match=rf"/V1__a\.sql cannot be read: .*{reason}"):
        read_folder(path)


def test_a_folder_with_the_name_of_a_migration_is_named(tmp_path):
    (tmp_path / "V1__a.sql").mkdir()
    with pytest.raises(UnreadableFile, match=r"/V1__a\.sql cannot be read: Is a directory"):
        read_folder(tmp_path)


def test_a_file_that_leads_nowhere_is_named(tmp_path):
    (tmp_path / "V1__a.sql").symlink_to(tmp_path / "gone.sql")
    with pytest.raises(UnreadableFile, match=r"/V1__a\.sql cannot be read: No such file"):
        read_folder(tmp_path)
