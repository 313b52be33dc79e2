"""Folders whose order is written down: ``order`` in folder.toml, or a plan of Sqitch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from migrator.errors import BadOrder
from migrator.folder.draft import Draft, Way
from migrator.folder.source import read_text
from migrator.model.version import Version

PLAN = "sqitch.plan"
_CHANGE = re.compile(r"(?P<name>[^\s@#%:]+)(?:\s+\[[^\]]*\])?\s+\d{4}-\d\d-\d\dT")
_TAG = re.compile(r"@(?P<tag>\S+)\s")


def ordered_drafts(path: Path, order: Sequence[str], files: Sequence[Path]) -> list[Draft]:
    """The listed files with their places in the list as versions; a file beside them that is not listed is refused."""
    listed = [path / name for name in order]
    for file in listed:
        if not file.is_file():
            raise BadOrder(path=path / "folder.toml", reason=f"order names {file.name}, which is not there")
    backs = {file: file.with_suffix(".down.sql") for file in listed}
    spare = set(files) - set(listed) - set(backs.values())
    if spare:
        raise BadOrder(path=path / "folder.toml", reason=f"order does not name {min(spare).relative_to(path)}")
    return [_draft(number, file.stem, file, backs[file]) for number, file in enumerate(listed, start=1)]


def sqitch_drafts(path: Path) -> list[Draft]:
    """The changes of a Sqitch plan, in its order: deploy scripts with their revert scripts.

    A change that was made anew under its old name has its earlier script under ``name@tag``.
    """
    changes = _planned(path / PLAN)
    drafts = []
    for number, name in enumerate(changes, start=1):
        deploy = path / "deploy" / f"{name}.sql"
        if not deploy.is_file():
            raise BadOrder(path=path / PLAN, reason=f"the plan names {name}, and {deploy} is not there")
        drafts.append(_draft(number, name, deploy, path / "revert" / f"{name}.sql"))
    return drafts


def _planned(plan: Path) -> list[str]:
    """Names of scripts; a change that stands again later had the first tag between the two put behind its name."""
    names: list[str] = []
    open_: dict[str, int] = {}
    tagged: dict[int, str] = {}
    for line in read_text(plan).splitlines():
        if tag := _TAG.match(line.strip() + " "):
            for at in range(len(names)):
                tagged.setdefault(at, tag["tag"])
        elif change := _CHANGE.match(line.strip()):
            before = open_.get(change["name"])
            if before is not None and before in tagged:
                names[before] = f"{change['name']}@{tagged[before]}"
            open_[change["name"]] = len(names)
            names.append(change["name"])
    return names


def _draft(number: int, description: str, forward: Path, back: Path) -> Draft:
    text = read_text(forward)
    way_back = Way(back, read_text(back)) if back.is_file() else None
    return Draft(Version(str(number)), description, Way(forward, text), text, way_back, forward.name)
