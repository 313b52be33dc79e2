"""What the documents name is there: commands and their options, files, words of the code, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

import click
import pytest

import migrator
from migrator import cli

ROOT = Path(migrator.__file__).parents[1]
DOCUMENTS = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "benchmarks/README.md")),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "examples").rglob("*.md"),
    ]
)
each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))

_FENCE = re.compile(r"^ *```.*?\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
_FILE = re.compile(r"(?:migrator|tasks|config|tests|docs|benchmarks|examples)/[\w./*-]*")
_SEPARATOR = re.compile(r"\s(?:&&|\|\||\||;)\s|\$\(|\)\"")
_DESCRIPTION = re.compile(r"\s{2,}|\s#\s")
_OF_OTHERS = {"--basic_auth", "--only"}
"""Options of programs that are not ours, where they stand alone."""


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def prose_of(path: Path) -> str:
    return _FENCE.sub("", text_of(path))


def spans(path: Path) -> list[str]:
    """What stands between backticks, on one line."""
    return [" ".join(span.split()) for span in _SPAN.findall(prose_of(path))]


def commands(path: Path) -> Iterator[str]:
    """Every command of ours that a document names, in blocks and in sentences, with what is optional in it."""
    blocks = re.sub(r" *\\\n *", " ", "\n".join(_FENCE.findall(text_of(path))))
    for line in [*blocks.splitlines(), *spans(path)]:
        for part in _SEPARATOR.split(line):
            said = re.sub(r"^(?:[A-Z_]+=\S+ )+", "", part.strip())
            if said.startswith("migrator ") and said != "migrator ...":
                yield _DESCRIPTION.split(said)[0]


def meanings(command: str) -> Iterator[list[str]]:
    """The words of a command; ``add|list`` means two, and brackets say only that something may be left out."""
    words = re.sub(r"[\[\]]|\.\.\.", " ", command).split()[1:]
    yield from map(list, product(*(word.split("|") if re.fullmatch(r"[a-z|-]+", word) else [word] for word in words)))


def mistakes(words: list[str]) -> Iterator[str]:
    """What of a command is not there."""
    command: click.Command = cli.cli
    rest = iter(words)
    for word in rest:
        if isinstance(command, click.Group) and not word.startswith("-"):
            found = command.get_command(click.Context(command), word)
            if found is None:
                yield f"there is no command {word}"
                return
            command = found
        elif word.startswith("--") and word.partition("=")[0] not in options_of(command) | {"--help", "--version"}:
            yield f"{command.name} has no option {word}"
        elif word in takes_value(command):
            next(rest, None)


def options_of(command: click.Command) -> set[str]:
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}


def takes_value(command: click.Command) -> set[str]:
    """The options that have a word behind them."""
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    return {name for option in options if not (option.is_flag or option.count) for name in option.opts}


@cache
def every_option() -> set[str]:
    def below(command: click.Command) -> Iterator[click.Command]:
        yield command
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                if (found := command.get_command(context, name)) is not None:
                    yield from below(found)

    return {option for command in below(cli.cli) for option in options_of(command)}


@each_document
def test_every_command_that_a_document_names_is_there_with_its_options(path):
    wrong = {said: found for said in commands(path) for words in meanings(said) if (found := list(mistakes(words)))}
    assert wrong == {}


@each_document
def test_every_option_that_a_document_names_alone_is_one_of_some_command(path):
    named = {span.split()[0].partition("=")[0] for span in spans(path) if re.match(r"--[a-z]", span)}
    assert named - every_option() - _OF_OTHERS == set()


@each_document
def test_every_file_that_a_document_names_is_there(path):
    named = {span for span in spans(path) if _FILE.fullmatch(span)}
    assert [name for name in sorted(named) if not list(ROOT.glob(name.rstrip("/")))] == []


@each_document
def test_every_link_of_a_document_leads_somewhere(path):
    links = [link for link in _LINK.findall(prose_of(path)) if "://" not in link]
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_a_command_that_is_not_there_would_be_found():
    assert list(mistakes(["migrat"])) == ["there is no command migrat"]
    assert list(mistakes(["schema", "up", "--force"])) == ["up has no option --force"]
    assert list(meanings("migrator tenant add|list [--json]")) == [
        ["tenant", "add", "--json"],
        ["tenant", "list", "--json"],
    ]


def test_commands_are_found_in_blocks_in_sentences_and_over_two_lines(tmp_path):
    document = tmp_path / "x.md"
    document.write_text(
        "```\nA=b migrator init && migrator migrate --to 3 \\\n  --json  # now\n```\nor `migrator schema\nup`\n"
    )
    assert list(commands(document)) == ["migrator init", "migrator migrate --to 3 --json", "migrator schema up"]


def words_of_the_glossary() -> Iterator[tuple[str, str]]:
    """Behind each arrow: a file, and a word of the code that is to stand in it."""
    for said in re.findall(r"→(.*?)(?=\n- |\n\n|\Z)", text_of(ROOT / "docs" / "glossary.md"), re.DOTALL):
        where = "migrator/fleet/migrations"
        for before, span in re.findall(r"(\w*)\s*`([^`]+)`", said):
            if _FILE.fullmatch(span):
                where = span.rstrip("/")
            else:
                yield ("migrator/fleet/migrations" if before in ("table", "index") else where), span


@pytest.mark.parametrize(("where", "word"), sorted(set(words_of_the_glossary())))
def test_a_word_of_the_glossary_lives_where_it_says(where, word):
    there = ROOT / where
    text = "\n".join(map(text_of, there.glob("**/*.[ps][yq]*"))) if there.is_dir() else text_of(there)
    assert [part for part in re.split(r"[.(), ]+", word) if part and not re.search(rf"\b{part}\b", text)] == []


@pytest.mark.parametrize("name", ["architecture.md", "states.md"])
def test_a_module_that_is_named_without_its_folder_is_somewhere(name):
    files = {file.name for folder in ("migrator", "tasks", "config") for file in (ROOT / folder).rglob("*.py")}
    named = {span for span in spans(ROOT / "docs" / name) if re.fullmatch(r"\w+\.py", span)}
    assert named - files == set()


def test_the_index_of_decisions_lists_every_one_by_its_title():
    folder = ROOT / "docs" / "adr"
    decisions = sorted(file for file in folder.glob("*.md") if file.name != "README.md")
    titles = {file.name: text_of(file).splitlines()[0].removeprefix("# ").split(" ", 1) for file in decisions}
    rows = [line for line in text_of(folder / "README.md").splitlines() if line.startswith("| [")]
    assert rows == [f"| [{number}]({name}) | {title} |" for name, (number, title) in titles.items()]
    assert [name[:4] for name in titles] == [number for number, _ in titles.values()]


def test_the_value_of_an_option_is_no_command():
    assert list(mistakes(["events", "--most", "50"])) == []
    assert list(mistakes(["events", "--most", "50", "nothing"])) == ["there is no command nothing"]
    assert list(mistakes(["events", "--failed", "50"])) == ["there is no command 50"]
