"""A credential reference leads to a password, or to a sentence without one."""

from __future__ import annotations

import shlex
import sys

import pytest

from migrator.errors import BadCredential
from migrator.schema.credential import password_for

SECRET = "hunter2"


def refusal(reference: str) -> str:
    with pytest.raises(BadCredential) as caught:
        password_for(reference, "eu-1")
    said = str(caught.value)
    assert said.startswith("credential ")
    assert " of database eu-1 gives no password: " in said
    return said


@pytest.mark.parametrize("reference", [None, ""])
def test_without_a_reference_it_is_left_to_libpq(reference):
    assert password_for(reference, "eu-1") is None


def test_a_variable_is_read(monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", SECRET)
    assert password_for("env:SHOP_PASSWORD", "eu-1") == SECRET


@pytest.mark.parametrize("content", [SECRET, f"{SECRET}\n", f"{SECRET}\nand a remark\n"])
def test_the_first_line_of_a_file_is_read(tmp_path, content):
    (tmp_path / "password").write_text(content)
    assert password_for(f"file:{tmp_path}/password", "eu-1") == SECRET


def test_the_first_line_that_a_command_prints_is_read():
    code = f"print('{SECRET}'); print('and a remark')"
    assert password_for(f"command:{sys.executable} -c {shlex.quote(code)}", "eu-1") == SECRET


def test_a_password_may_contain_colons(monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", "a:b:c")
    assert password_for("env:SHOP_PASSWORD", "eu-1") == "a:b:c"


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("env:ABSENT", "the environment variable ABSENT is not set"),
        ("file:/absent/password", "no such file or directory"),
        ("file:/", "is a directory"),
        ("file:~nobody-of-this-name/password", "RuntimeError"),
        ("command:/absent/program", "no such file or directory"),
        ("command:false", "the command ended with code 1"),
        ("command:echo 'unbalanced", "ValueError"),
        ("command: ", ""),
        ("env:", "it is not env:, file: or command:"),
        ("vault:secret/shop", "it is not env:, file: or command:"),
        ("env", "it is not env:, file: or command:"),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused_with_the_reason(reference, reason):
    assert reason in refusal(reference)


@pytest.mark.parametrize("content", ["", "\n", f"\n{SECRET}"])
def test_an_empty_password_is_refused(tmp_path, content):
    (tmp_path / "password").write_text(content)
    assert "it is empty" in refusal(f"file:{tmp_path}/password")


def test_a_file_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "password").write_bytes(b"\xff\xfe\n")
    assert "UnicodeDecodeError" in refusal(f"file:{tmp_path}/password")


def test_what_a_failing_command_printed_is_not_quoted(tmp_path):
    (tmp_path / "vault.py").write_text(f"print('{SECRET}'); raise SystemExit('{SECRET}')")
    said = refusal(f"command:{sys.executable} {tmp_path}/vault.py")
    assert "the command ended with code 1" in said
    assert SECRET not in said


@pytest.mark.parametrize("password", [SECRET, f"{SECRET}:5432"])
def test_a_password_given_in_place_of_a_reference_is_not_quoted_back(password):
    assert SECRET not in refusal(password)
