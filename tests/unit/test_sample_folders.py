"""Folders as real projects have them: what is read of each, and what lint says."""

from __future__ import annotations

import pytest

from migrator.errors import FolderError
from migrator.folder import read_folder
from migrator.folder.lint import lint_folder
from migrator.model.target import Scope
from tests.folders import REFUSED, SAMPLES

every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)


def found(sample):
    return [
        (finding.path.relative_to(sample.path).as_posix(), finding.line, finding.rule)
        for finding in lint_folder(sample.path, Scope.TENANT).findings
    ]


@every_sample
def test_the_migrations_are_read_in_their_order_and_run_as_their_tool_would_run_them(sample):
    read = read_folder(sample.path, scope=Scope.TENANT).migrations
    assert tuple(m.script + ("" if m.transactional else " *") for m in read) == sample.scripts


@every_sample
def test_a_way_back_is_known_where_there_is_one(sample):
    read = read_folder(sample.path, scope=Scope.TENANT).migrations
    assert tuple(m.script for m in read if m.written_undo) == sample.back


@pytest.mark.parametrize("sample", [*SAMPLES, REFUSED], ids=lambda sample: sample.name)
def test_lint_says_what_is_to_be_said_of_it(sample):
    assert found(sample) == sorted(sample.findings)


def test_what_lint_calls_refused_is_refused():
    with pytest.raises(FolderError):
        read_folder(REFUSED.path, scope=Scope.TENANT)


def test_the_bytes_are_those_that_were_written():
    windows = (SAMPLES[0].path.parent / "odd-bytes" / "V1__windows.sql").read_bytes()
    assert (windows[:3], windows.count(b"\r\n")) == (b"\xef\xbb\xbf", 6)
