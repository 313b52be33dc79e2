"""Where snapshots are kept: a directory, or whatever else fsspec has an address for.

A snapshot is two files below ``<database>/<schema>/``: the archive ``<id>.dump`` and its sidecar ``<id>.json``.
The sidecar is written last, so what a crash leaves behind is no snapshot.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from migrator.errors import MigratorError, SnapshotDamaged, SnapshotStoreFailed, UnknownSnapshot
from migrator.model.snapshot import Snapshot
from migrator.schema.pg_child import CHUNK

LATEST = "latest"
ARCHIVE, SIDECAR, UNFINISHED = ".dump", ".json", ".part"
_DEBRIS_AFTER = timedelta(days=1)
_MOMENT = "%Y%m%dT%H%M%S%fZ"


class SnapshotStore:
    """Snapshots below one URL. Raises SnapshotStoreFailed for all that the place refuses."""

    def __init__(self, url: str) -> None:
        self.url = re.sub(r"//[^/@]*@", "//", url)
        with self._failing("opened"):
            self._files, self._root = url_to_fs(url)

    def put(self, database: str, schema: str, id_: str, chunks: Iterable[bytes]) -> tuple[int, str]:
        """Write an archive; gives its size and SHA-256. It is no snapshot before ``seal``.

        What the chunks raise comes through, and nothing is left then.
        """
        path = self._path(database, schema, id_)
        with self._failing("written"):
            self._make_room(path)
            try:
                written = self._write(path + ARCHIVE + UNFINISHED, chunks)
            except BaseException:
                self._remove(path + ARCHIVE + UNFINISHED)
                raise
            self._files.mv(path + ARCHIVE + UNFINISHED, path + ARCHIVE)
        return written

    def seal(self, snapshot: Snapshot) -> None:
        """Make a snapshot of an archive that was put."""
        path = self._path_of(snapshot)
        with self._failing("written"):
            self._write(path + SIDECAR + UNFINISHED, [snapshot.as_text().encode()])
            self._files.mv(path + SIDECAR + UNFINISHED, path + SIDECAR)

    def snapshots(self, database: str | None = None, schema: str | None = None) -> list[Snapshot]:
        """Those of a database and schema, or of all, newest first. Raises SnapshotDamaged for a broken sidecar."""
        with self._failing("read"):
            paths = [path for path in self._paths(database, schema) if path.endswith(SIDECAR)]
            texts = self._files.cat(paths) if paths else {}
        found = [self._read(path, text) for path, text in texts.items()]
        chosen = [s for s in found if database in (None, s.database) and schema in (None, s.schema)]
        return sorted(chosen, key=lambda s: (s.taken_at, s.id), reverse=True)

    def find(self, database: str, schema: str, id_: str = LATEST) -> Snapshot:
        """One snapshot of a schema. Raises UnknownSnapshot with those that there are."""
        found = self.snapshots(database, schema)
        for snapshot in found:
            if id_ in (LATEST, snapshot.id):
                return snapshot
        known = ", ".join(snapshot.id for snapshot in found) or "none"
        raise UnknownSnapshot(id=id_, schema=schema, database=database, url=self.url, known=known)

    def verify(self, snapshot: Snapshot) -> None:
        """Read the archive to its end. Raises SnapshotDamaged unless it is what was stored."""
        with self._opened(snapshot) as chunks:
            _check(snapshot, chunks)

    @contextmanager
    def fetched(self, snapshot: Snapshot) -> Iterator[Path]:
        """A copy of the archive on this machine, proved to be what was stored, for as long as it is needed."""
        with tempfile.NamedTemporaryFile(prefix="migrator-", suffix=ARCHIVE) as copy:
            with self._opened(snapshot) as chunks:
                _check(snapshot, _copied(chunks, copy))
            copy.flush()
            yield Path(copy.name)

    def delete(self, snapshot: Snapshot) -> None:
        """Remove a snapshot, the sidecar first: half deleted it is none any more."""
        with self._failing("deleted"):
            self._remove(self._path_of(snapshot) + SIDECAR)
            self._remove(self._path_of(snapshot) + ARCHIVE)

    def clear_away(self, now: datetime) -> int:
        """Remove what crashes left, once it is so old that nobody works on it; says how many files."""
        with self._failing("deleted"):
            paths = set(self._paths(None, None))
            left = [path for path in paths if _is_debris(path, paths, now)]
            for path in left:
                self._remove(path)
        return len(left)

    def _write(self, path: str, chunks: Iterable[bytes]) -> tuple[int, str]:
        size, digest = 0, hashlib.sha256()
        with self._files.open(path, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
            if self._is_local:
                file.flush()
                os.fsync(file.fileno())
        return size, digest.hexdigest()

    @contextmanager
    def _opened(self, snapshot: Snapshot) -> Iterator[Iterator[bytes]]:
        path = self._path_of(snapshot) + ARCHIVE
        with self._failing("read"):
            if not self._files.exists(path):
                raise SnapshotDamaged(id=snapshot.id, reason="its archive is gone")
            with self._files.open(path, "rb") as file:
                yield iter(lambda: file.read(CHUNK), b"")

    def _paths(self, database: str | None, schema: str | None) -> list[str]:
        self._files.invalidate_cache()
        parts = [_as_name(part) for part in (database, schema) if part is not None] if database else []
        top = "/".join([self._root.rstrip("/"), *parts])
        return [str(path) for path in self._files.find(top)] if self._files.exists(top) else []

    def _read(self, path: str, text: bytes) -> Snapshot:
        try:
            return Snapshot.read(text)
        except ValueError as error:
            name = path.rpartition("/")[2]
            raise SnapshotDamaged(id=name, reason=f"its sidecar cannot be read: {error}") from None

    def _make_room(self, path: str) -> None:
        if self._is_local:  # it holds what the application's tables hold
            Path(self._root).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._files.makedirs(path.rpartition("/")[0], exist_ok=True)

    def _remove(self, path: str) -> None:
        if self._files.exists(path):
            self._files.rm_file(path)

    @property
    def _is_local(self) -> bool:
        return isinstance(self._files, LocalFileSystem)

    def _path_of(self, snapshot: Snapshot) -> str:
        return self._path(snapshot.database, snapshot.schema, snapshot.id)

    def _path(self, database: str, schema: str, id_: str) -> str:
        return "/".join([self._root.rstrip("/"), *map(_as_name, (database, schema, id_))])

    @contextmanager
    def _failing(self, doing: str) -> Iterator[None]:
        try:
            yield
        except MigratorError:
            raise
        except Exception as error:  # noqa: BLE001  # each of fsspec's backends has errors of its own
            reason = f"{type(error).__name__}: {error}".replace("\n", " ")
            raise SnapshotStoreFailed(url=self.url, doing=doing, reason=reason) from None


def new_id(taken_at: datetime, chance: str) -> str:
    """A name that sorts by time."""
    return f"{taken_at.astimezone(UTC):{_MOMENT}}-{chance}"


def _as_name(part: str) -> str:
    """One part of a path, whatever a database's id is made of."""
    return quote(part, safe="").replace(".", "%2E") if set(part) <= {"."} else quote(part, safe="")


def _check(snapshot: Snapshot, chunks: Iterable[bytes]) -> None:
    size, digest = 0, hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    if size != snapshot.size:
        reason = f"it has {size} bytes instead of {snapshot.size}"
    elif digest.hexdigest() != snapshot.sha256:
        reason = f"its SHA-256 is {digest.hexdigest()} instead of {snapshot.sha256}"
    else:
        return
    raise SnapshotDamaged(id=snapshot.id, reason=reason)


def _copied(chunks: Iterable[bytes], copy: Any) -> Iterator[bytes]:
    for chunk in chunks:
        copy.write(chunk)
        yield chunk


def _is_debris(path: str, paths: set[str], now: datetime) -> bool:
    stem = path.removesuffix(UNFINISHED).removesuffix(ARCHIVE).removesuffix(SIDECAR)
    whole = not path.endswith(UNFINISHED) and stem + SIDECAR in paths
    try:
        begun = datetime.strptime(stem.rpartition("/")[2].partition("-")[0], _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return False  # somebody else's file
    return not whole and begun < now - _DEBRIS_AFTER
