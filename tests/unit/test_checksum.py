"""Flyway's checksum, held against CRC32 sums made here from its documented rules."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.folder.checksum import checksum


def crc(*lines: bytes) -> int:
    """CRC32 over lines without their ends, read as a signed number of 32 bits."""
    return int.from_bytes(zlib.crc32(b"".join(lines)).to_bytes(4, "big"), "big", signed=True)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("\n", []),
        ("SELECT 1;", [b"SELECT 1;"]),
        ("SELECT 1;\n", [b"SELECT 1;"]),
        ("a\nb\n", [b"a", b"b"]),
        ("a\r\nb\r\n", [b"a", b"b"]),
        ("a\rb", [b"a", b"b"]),
        ("a\n\r\nb", [b"a", b"b"]),
        ("a\n\nb", [b"a", b"", b"b"]),
        ("\ufeffSELECT 1;\n", [b"SELECT 1;"]),
        ("  a \t\n", [b"  a \t"]),
        ("-- é 漢\n", b"-- \xc3\xa9 \xe6\xbc\xa2".splitlines()),
        ("a\x0bb\x0cc\x85d\u2028e", ["a\x0bb\x0cc\x85d\u2028e".encode()]),
    ],
)
def test_the_checksum_is_crc32_over_the_lines_without_their_ends(text, lines):
    assert checksum(text) == crc(*lines)


@pytest.mark.parametrize(("text", "known"), [("123456789", -873187034), ("a", -390611389), ("", 0)])
def test_published_check_values_of_crc32_come_out_signed(text, known):
    assert checksum(text) == known


def test_a_blank_at_the_end_of_a_line_changes_the_checksum():
    assert checksum("SELECT 1; \n") != checksum("SELECT 1;\n")


@given(st.text())
def test_the_checksum_fits_the_history_column(text):
    assert -(2**31) <= checksum(text) < 2**31


@given(
    st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))),
    st.sampled_from(["\r\n", "\r"]),
)
def test_line_ends_of_another_platform_do_not_count(lines, end):
    assert checksum(end.join(lines)) == checksum("\n".join(lines))
