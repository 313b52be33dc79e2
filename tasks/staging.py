"""Who is behind, stage by stage: what a plan is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from migrator.model.folder import Folder
from migrator.model.stage import Stage, stages_of
from migrator.model.target import Database, Scope, Target
from migrator.model.version import Version
from tasks.dependencies import refuse_unmet
from tasks.survey import Survey, behind_by_stage, survey


@dataclass(frozen=True)
class Staged:
    """Targets that are behind, by stage, and what the survey said of all."""

    stages: tuple[tuple[Stage, tuple[Target, ...]], ...]
    current: int
    """Targets that were asked for and are in no stage."""
    found: Survey


def staged(
    targets: Sequence[Target],
    databases: Mapping[str, Database],
    folders: Mapping[Scope, Folder],
    to: Version | None = None,
) -> Staged:
    """Survey targets and put those that are behind into the stages of their scopes.

    Raises UnknownDependency or DependencyCircle before a database is asked, and DependencyUnmet.
    """
    stages = stages_of(folders, to=to)
    found = survey(targets, databases)
    by_stage = behind_by_stage(targets, found, folders, stages)
    behind = {target for _, late in by_stage for target in late}
    refuse_unmet(behind, targets, found, folders, to)
    return Staged(tuple((stage, tuple(late)) for stage, late in by_stage), len(targets) - len(behind), found)
