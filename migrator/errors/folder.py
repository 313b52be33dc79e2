"""What is wrong with a migration folder, or with what was asked of one."""

from __future__ import annotations

from migrator.errors.base import BadInput, MigratorError, TransientError


class BadVersion(BadInput):
    """A version that is not made of numbers."""

    sentence = "version {text!r} is not made of numbers separated by dots or underscores"


class NoNextFile(BadInput):
    """A folder in which the next migration cannot be made by naming a file."""

    sentence = "no file was made in {path}: {reason}"


class UnknownRevision(BadInput):
    """A revision of Alembic's that the folder does not have."""

    sentence = "there is no revision {revision} in {path}; nothing was done"


class NoOfflineSql(BadInput):
    """A migration whose SQL is not known before it runs."""

    sentence = "{script}:{line} cannot be written down as SQL without a database: {reason}"


class FolderError(BadInput):
    """A migration folder on disk is wrong; no target was touched."""


class FolderMissing(FolderError):
    """No folder where the settings say that one is."""

    sentence = "there is no migration folder {path}; create it or point MIGRATOR_MIGRATIONS at its parent"


class UnreadableFile(FolderError):
    """A migration file that is not text."""

    sentence = "{path} cannot be read: {reason}"


class UnnamedFile(FolderError):
    """A .sql file whose name does not say which migration it is."""

    sentence = "{path} is no migration: {reason}; versioned files are named V1__what.sql, repeatable ones R__what.sql"


class DuplicateVersion(FolderError):
    """Two files claim one version."""

    sentence = "version {version} is claimed by two files: {first} and {second}; rename one of them"


class DuplicateRepeatable(FolderError):
    """Two repeatable files have one description."""

    sentence = "repeatable migration {description!r} stands in two files: {first} and {second}; rename one of them"


class RefusedStatement(FolderError):
    """A statement that would break the promise that a schema is never half migrated."""

    sentence = "{path}:{line}: {reason}: {statement}"


class LintToolFailed(MigratorError):
    """A program that lint runs ended without an answer."""

    sentence = "{tool} gave no answer: {said}; nothing was checked. Add --no-squawk for our own rules alone"


class FolderDiffers(TransientError):
    """This worker reads another state of the migration folder than the one the execution was planned with."""

    sentence = (
        "the migration folder {path} on {host} is not the one this execution was planned with "
        "({found} instead of {planned}); nothing was changed. Deploy one state of the folder to all workers"
    )


class UnknownVersion(BadInput):
    """A request names a version that the folder does not have."""

    sentence = "there is no version {version} in {path}, its newest is {latest}; nothing was done"


class UnknownConvention(BadInput):
    """A request names a naming convention that does not exist."""

    sentence = "there is no naming convention {name!r}{hint}; there are: {known}"


class UnrecognisedFolder(FolderError):
    """Not one file of a folder follows a convention."""

    sentence = "{path} follows no naming convention, it has {found}; the conventions are {known}"


class MixedConventions(FolderError):
    """The files of one folder follow several conventions."""

    sentence = "{path} follows several naming conventions: {parts}; a folder has one. Move or rename the others"


class UnfitFile(FolderError):
    """A .sql file that does not follow the convention of its folder."""

    sentence = "{path} does not fit into its folder, whose migrations are named {example}; rename or move it"


class DownWithoutUp(FolderError):
    """A script for the way back of a migration that is not there."""

    sentence = (
        "{path} takes back a migration that is not in the folder; there is no {up}. Add that, or take this file away"
    )


class BadSections(FolderError):
    """The sections of a file are not those that its tool allows."""

    sentence = "{path}:{line}: {reason}"


class BadDirective(FolderError):
    """A directive in a comment header that is unknown or cannot be read."""

    sentence = "{path}:{line}: {reason}; the directives are {known}"


class UnfilledSlot(BadInput):
    """A placeholder for which a target has no value, or none that may stand in a script."""

    sentence = "${{{name}}} cannot be filled in for schema {schema}: {reason}; nothing was changed"


class UnknownPlaceholder(FolderError):
    """A placeholder that nobody has given a value."""

    sentence = (
        "{path}:{line}: {name} has no value{hint}; there are: {known}. Give it one in folder.toml, "
        "or switch placeholders off there"
    )


class BadFolderOptions(FolderError):
    """The folder.toml of a folder cannot be read; all its mistakes are in one message."""

    sentence = "{path} is wrong:\n{mistakes}"


class BadOrder(FolderError):
    """A list that gives the order of a folder's files, and the files, disagree."""

    sentence = "{path}: {reason}"


class BadStep(FolderError):
    """A Python file that is named as a migration and is none."""

    sentence = "{path}:{line}: {reason}; a step has a function apply(connection) and perhaps undo(connection)"


class BadScriptDirectory(FolderError):
    """An Alembic script directory that cannot be found or put in order."""

    sentence = "{path}: {reason}"


class BadRevision(FolderError):
    """A revision file of Alembic's that cannot be read, or that names one that is not there."""

    sentence = "{path}:{line}: {reason}"


class UnknownDependency(FolderError):
    """A migration depends on a version that the other scope's folder does not have."""

    sentence = (
        "{file} depends on {scope}:{version}, which is not in {folder}, {newest}; nothing was done. "
        "Put the file there, or mend the directive"
    )


class DependencyCircle(FolderError):
    """Migrations of several scopes wait for each other; ``path`` leads from one of them back to itself."""

    sentence = (
        "migrations depend on each other in a circle, so none can be first; nothing was done: {path}. "
        "Each arrow leads to what has to come before. Take one 'depends' away, or move what it needs to a lower version"
    )


class DependencyUnmet(BadInput, TransientError):
    """What a migration depends on is not part of the request and not there yet."""

    sentence = "nothing was done, because something is missing that is not part of the request: {missing}. {advice}"
