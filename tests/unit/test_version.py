"""Versions compare as Flyway compares them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.errors import BadVersion
from migrator.model.version import Version

numbers = st.lists(st.integers(min_value=0, max_value=10**15), min_size=1, max_size=5)
versions = numbers.map(lambda parts: Version(".".join(map(str, parts))))


@pytest.mark.parametrize(
    ("lower", "higher"),
    [("2", "10"), ("1.9", "1.10"), ("1", "1.0.1"), ("1.1", "2"), ("9", "20240101000000"), ("1_2", "1.3")],
)
def test_versions_are_ordered_by_number_and_not_by_text(lower, higher):
    assert Version(lower) < Version(higher)
    assert not Version(higher) < Version(lower)


@pytest.mark.parametrize(
    ("one", "other"), [("1", "1.0"), ("1", "001"), ("1.2", "1_2"), ("0", "0.0.0"), ("3.10.0", "3.10")]
)
def test_versions_that_differ_only_in_writing_are_the_same(one, other):
    assert Version(one) == Version(other)
    assert hash(Version(one)) == hash(Version(other))
    assert len({Version(one), Version(other)}) == 1


def test_zeros_in_the_middle_count():
    assert Version("1.0.1") != Version("1.1")


@pytest.mark.parametrize("text", ["", "a", "1a", "v1", "1.", ".1", "1..2", "-1", " 1", "1 ", "1\n", "1-2", "1,2"])
def test_a_version_that_is_not_made_of_numbers_is_refused(text):
    with pytest.raises(BadVersion) as caught:
        Version(text)
    assert str(caught.value) == f"version {text!r} is not made of numbers separated by dots or underscores"


def test_a_version_is_shown_with_dots():
    assert str(Version("1_2_3")) == "1.2.3"
    assert str(Version("1.0")) == "1.0"


def test_a_version_is_no_text():
    assert Version("1") != "1"


@given(versions, versions, versions)
def test_the_order_is_a_total_one(a, b, c):
    assert (a < b) + (a == b) + (a > b) == 1
    assert a < c or not (a < b < c)


@given(versions)
def test_a_version_is_read_back_from_its_own_text(version):
    assert Version(str(version)) == version
