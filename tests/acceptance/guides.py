"""The shell blocks of a guide, by its sections, run as a person would who follows it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_SECTION = re.compile(r"^#+ (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sections(page: Path) -> dict[str, list[tuple[str, str]]]:
    """Language and text of every block, by the heading above it."""
    text = page.read_text(encoding="utf-8")
    fenced = [match.span() for match in _BLOCK.finditer(text)]
    heads = [h for h in _SECTION.finditer(text) if not any(start < h.start() < end for start, end in fenced)]
    ends = [*(head.start() for head in heads[1:]), len(text)]
    return {
        head[1]: _BLOCK.findall(text[head.end() : end])
        for head, end in zip(heads, ends, strict=True)
    }  # fmt: skip


def programs(pg_bin: Path) -> str:
    """PATH with this environment's programs and those of the server first."""
    return os.pathsep.join([str(Path(sys.executable).parent), str(pg_bin), os.environ["PATH"]])


def exported(block: str, place: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment that a block leaves, for those that follow it in the same shell."""
    after = shell(f"{block}\nprintf '\\0'; env -0", place, environment).partition("\0")[2]
    return dict(line.split("=", 1) for line in after.split("\0") if line)


def shell(block: str, place: Path, environment: Mapping[str, str], seconds: float = 120.0) -> str:
    """What a block prints; it stops at the first command that fails, which fails the test."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=place,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"{block}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout
