"""Folder and history of one target disagree."""

from __future__ import annotations

from migrator.errors.base import MigratorError


class HistoryError(MigratorError):
    """The folder and the history of a target disagree; the target was not touched."""


class ChecksumChanged(HistoryError):
    """A file was edited after it had been applied."""

    sentence = (
        "{script} was changed after it was applied to schema {schema}: history has checksum {applied}, the file has "
        "{found}; nothing was applied. Put the file back and write a new migration, or let 'migrator repair' accept it"
    )


class MigrationMissing(HistoryError):
    """History names a migration that the folder does not have."""

    sentence = (
        "schema {schema} has {script} in its history, the folder {folder} does not have it; nothing was applied. "
        "Put the file back, or check that this is the right folder"
    )


class MigrationMoved(HistoryError):
    """A file that was applied stands at another place now: what comes before it was changed."""

    sentence = (
        "{script} was applied to schema {schema} as version {applied} and is version {found} in the folder now; "
        "nothing was applied. Put what stands before it back as it was, and add what is new behind it"
    )


class MigrationOutOfOrder(HistoryError):
    """A migration below the newest applied one was never applied."""

    sentence = (
        "{script} was never applied to schema {schema}, which is already at version {version}; nothing was applied. "
        "Give the file a higher version, or allow late files with out_of_order = true in folder.toml"
    )


class MigrationFailedBefore(HistoryError):
    """History holds a failed migration that somebody has to look at."""

    sentence = (
        "schema {schema} has a failed {script} in its history; nothing was applied. Look at what it left behind, then "
        "take the row away with 'migrator schema repair' or 'migrator repair'"
    )


class AlreadyManaged(HistoryError):
    """A history that something stands in already cannot be begun anew."""

    sentence = (
        "schema {schema} has a history already: {found}; nothing was changed. 'migrator schema validate' compares it "
        "with the folder, 'migrator schema up' goes on from there"
    )


class NotAdopted(HistoryError):
    """The table of another tool cannot be turned into our history."""

    sentence = "schema {schema} was not adopted, nothing was changed: {reason}"


class AppliedElsewhere(HistoryError):
    """The folder's own tool has been in a schema that we have no history of."""

    sentence = (
        "schema {schema} has no history, and its table {table} says that {found} is applied; nothing was changed. "
        "Take that over with 'migrator schema baseline --adopt'"
    )


class VersionTableDiffers(HistoryError):
    """The table of the folder's own tool and our history cannot both be right."""

    sentence = (
        "in schema {schema} the table {table} and the history disagree: {reason}; nothing was changed. "
        "Set the one that is wrong right: the table with 'alembic stamp', the history with 'migrator schema repair'"
    )


class CannotUndo(HistoryError):
    """Something that is to be taken back has no way back; ``obstacles`` has all that stands in the way."""

    sentence = (
        "schema {schema} cannot be taken back, nothing was changed: {reason}. Write an undo script for it, "
        "or restore a snapshot"
    )


class MovedOn(HistoryError):
    """What is to be taken back has something newer on top of it."""

    sentence = (
        "schema {schema} moved on since: {scripts} came later; nothing was changed. Take that back first, "
        "or leave this schema as it is"
    )


class FingerprintDiffers(HistoryError):
    """A schema was taken back, and its catalog is not what it was before."""

    sentence = (
        "schema {schema} was taken back by {way}, but its fingerprint is {found} and was {expected} before; somebody "
        "changed it by hand, or a way back is wrong. 'migrator drift' shows the lines that differ"
    )


class BegunBefore(HistoryError):
    """What was begun in one direction cannot be left half done for the other."""

    sentence = "{begun} was begun in schema {schema} and not finished, nothing was done now; {advice}"
