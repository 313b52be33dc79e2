"""Writes Alembic script directories for tests."""

from __future__ import annotations

from pathlib import Path

ENV = "raise AssertionError('env.py was run')\n"
HEAD = '''"""{description}

Revision ID: {id}
Revises: {down}
"""
{imports}
revision = {id!r}
down_revision = {down!r}
branch_labels = {labels!r}
depends_on = {depends!r}

'''


def revision(
    id_: str,
    down: str | tuple[str, ...] | None = None,
    up: str = "pass",
    back: str | None = "pass",
    *,
    depends: str | tuple[str, ...] | None = None,
    labels: str | tuple[str, ...] | None = None,
    description: str | None = None,
    above: str = "",
) -> str:
    """The text of a revision file; ``up`` and ``back`` are the lines of its functions."""
    imports = "from alembic import context, op\nimport sqlalchemy as sa\n"
    said = description or f"make {id_}"
    head = HEAD.format(description=said, id=id_, down=down, labels=labels, depends=depends, imports=imports)
    return above + head + _function("upgrade", up) + (_function("downgrade", back) if back is not None else "")


def table(id_: str, down: str | tuple[str, ...] | None = None, **more: object) -> str:
    """A revision that makes a table of its own name."""
    up = f'op.create_table("{id_}", sa.Column("id", sa.Integer, primary_key=True))'
    return revision(id_, down, up, f'op.drop_table("{id_}")', **more)


def write_directory(path: Path, **revisions: str) -> Path:
    """A script directory whose files are named after the keys."""
    (path / "versions").mkdir(parents=True, exist_ok=True)
    (path / "env.py").write_text(ENV)
    for name, text in revisions.items():
        (path / "versions" / f"{name}.py").write_text(text)
    return path


def _function(name: str, body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"\ndef {name}():\n{lines}"
