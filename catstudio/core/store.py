"""The records of one project: images with their bytes, labels, lineage, runs."""

from __future__ import annotations

import getpass
import shutil
import threading
import unicodedata
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from catstudio.core.database import Database
from catstudio.core.errors import BadInputError
from catstudio.core.files import explain_os_error, sha256, write_atomic
from catstudio.core.lineage import Lineages
from catstudio.core.project import ProjectFolder
from catstudio.core.rows import COLUMNS, record
from catstudio.core.types import ImageRecord, Provenance, RunRecord, Split, State


class NewImage(Struct, frozen=True, kw_only=True):
    """An image that has been decoded and may enter: its bytes and what is known of it.

    ``dhash`` is the 128-bit perceptual hash of :func:`catstudio.core.pixels.difference_hash`.
    ``burst`` names the burst that a photo was taken in: its photos share a lineage, and so stay
    on one side of every split.
    """

    data: bytes
    name: str
    format: str
    width: int
    height: int
    dhash: int
    is_real: bool
    provenance: Provenance
    label: str | None = None
    state: State = State.PENDING
    split: Split | None = None
    burst: str = ""


class Count(Struct, frozen=True):
    """``n`` images that share label, state, split and whether they are photographs."""

    label: str | None
    state: State
    split: Split | None
    is_real: bool
    n: int


class AddedImage(Struct, frozen=True):
    """What became of a new image: its record, and whether the same bytes were there before.

    ``note`` is a sentence when something was not done as asked (a split refused).
    """

    record: ImageRecord
    is_duplicate: bool = False
    note: str = ""


def label_name(given: str) -> str:
    """``given`` as a label is stored: trimmed, in Unicode's composed form, so that what looks the
    same is the same. Raises :class:`BadInputError` when it cannot be a label."""
    name = unicodedata.normalize("NFC", given.strip())
    if not name or "," in name or len(name) > 80 or not name.isprintable():
        raise BadInputError(
            f"{name!r} cannot be a label.",
            "Use 1 to 80 characters, on one line and without a comma.",
        )
    return name


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"  # A container may run as a user that has no name.


def now() -> str:
    """The time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Store:
    """Reads from any thread; writes one thread at a time. Edits are in :mod:`.edits`."""

    def __init__(self, folder: ProjectFolder, author: str = "") -> None:
        self.folder = folder
        self.author = author or _user()
        self.database = Database(folder.database)
        self._adding = threading.Lock()
        self._lineages: Lineages | None = None

    # -- reading ---------------------------------------------------------------------------

    def labels(self) -> tuple[str, ...]:
        """The labels in their order."""
        return tuple(n for (n,) in self.database.read("SELECT name FROM labels ORDER BY position"))

    def images(self) -> list[ImageRecord]:
        """Every image, trashed ones too, oldest first."""
        rows = self.database.read(f"SELECT {COLUMNS} FROM images ORDER BY number")
        return [record(row) for row in rows]

    def images_by_id(self, ids: Iterable[str]) -> list[ImageRecord]:
        """The images called ``ids``, in that order; unknown ids are left out."""
        wanted = tuple(ids)
        rows = self.database.read_in(f"SELECT {COLUMNS} FROM images WHERE id IN ({{}})", wanted)
        found = {row[0]: record(row) for row in rows}
        return [found[id_] for id_ in wanted if id_ in found]

    def image(self, id_: str) -> ImageRecord:
        """One image. Raises :class:`BadInputError` when there is none of that id."""
        found = self.images_by_id((id_,))
        if not found:
            raise BadInputError(f"There is no image {id_} in {self.folder.name}.")
        return found[0]

    def children(self, id_: str) -> list[ImageRecord]:
        """The images made from ``id_`` directly, oldest first."""
        rows = self.database.read(
            f"SELECT {COLUMNS} FROM images "
            "WHERE id IN (SELECT child FROM parents WHERE parent = ?) ORDER BY number",
            (id_,),
        )
        return [record(row) for row in rows]

    def hashes(self) -> dict[str, str]:
        """The perceptual hash of every image by its id, 32 hexadecimal digits."""
        return dict(self.database.read("SELECT id, dhash FROM images"))

    def counts(self) -> list[Count]:
        """How many images there are of each kind: thousands are counted in a millisecond."""
        rows = self.database.read(
            "SELECT label, state, split, is_real, count(*) FROM images "
            "GROUP BY label, state, split, is_real"
        )
        return [
            Count(label, State(state), Split(split) if split else None, bool(is_real), n)
            for label, state, split, is_real, n in rows
        ]

    def runs(self) -> list[RunRecord]:
        """The trained models, oldest first."""
        rows = self.database.read(
            "SELECT number, created, author, backbone, summary FROM runs ORDER BY number"
        )
        return [RunRecord(n, c, a, b, msgspec.json.decode(s)) for n, c, a, b, s in rows]

    def image_path(self, record: ImageRecord) -> Path:
        return self.folder.image_path(record.sha256, record.format)

    # -- writing ---------------------------------------------------------------------------

    def add_label(self, name: str) -> None:
        """Add a label at the end. Raises :class:`BadInputError` for an empty or known one."""
        name = label_name(name)
        with self.database.transaction() as db:
            if db.execute("SELECT 1 FROM labels WHERE name = ?", (name,)).fetchone():
                raise BadInputError(f"There is a label {name!r} already.")
            db.execute(
                "INSERT INTO labels SELECT ?, ?, coalesce(max(position), 0) + 1, ?, ? FROM labels",
                (name, uuid.uuid4().hex, self.author, now()),
            )

    @classmethod
    def begin(cls, folder: ProjectFolder, labels: Iterable[str], author: str = "") -> None:
        """Make the database of a new project, labels and all: a kill leaves it whole or absent."""
        try:
            staged = folder.staged()
            store = cls(staged, author)
            try:
                for label in labels:
                    store.add_label(label)
            finally:
                store.close()
            staged.database.replace(folder.database)
        except OSError as error:
            raise explain_os_error(error, str(folder.root)) from error

    def check_label(self, label: str | None) -> None:
        """Raise :class:`BadInputError` when the project has no such label."""
        labels = self.labels()
        if label is not None and label not in labels:
            raise BadInputError(
                f"{self.folder.name} has no label {label!r}.",
                f"Its labels are: {', '.join(labels)}.",
            )

    def add_image(self, new: NewImage) -> AddedImage:
        """Store the bytes, then commit the row: everything lands or nothing does.

        The same bytes twice are one image; a trashed one comes back. A split that the photo
        may not have (a near-copy of a test photo, say) is left empty, with a note.
        """
        digest = sha256(new.data)
        path = self.folder.image_path(digest, new.format)
        self.folder.check_reachable()
        try:
            # Also for bytes that are known: a file that was lost comes back with them.
            if not path.exists() or path.stat().st_size != len(new.data):
                write_atomic(path, new.data)
        except OSError as error:
            raise explain_os_error(error, new.name) from error
        # Imports and generated images arrive on two threads, and are kin to one another.
        with self._adding:
            known = self.database.read("SELECT id FROM images WHERE sha256 = ?", (digest,))
            # If the row fails the file stays for the sweep: a commit that seems to have failed may
            # still have landed, and a row must never be without its file.
            return self._meet_again(known[0][0], new) if known else self._insert(digest, new)

    def _insert(self, digest: str, new: NewImage) -> AddedImage:
        id_ = uuid.uuid4().hex
        parents = new.provenance.parents
        kin = self._kin()
        lineages = kin.of(id_, new.dhash, [parent.id for parent in parents], new.burst)
        split, note = self._split_for(new, lineages)
        row = {
            "id": id_,
            "sha256": digest,
            "label": new.label,
            "state": new.state,
            "split": split,
            "source": new.provenance.source,
            "is_real": new.is_real,
            "width": new.width,
            "height": new.height,
            "format": new.format,
            "name": new.name,
            "provenance": msgspec.json.encode(new.provenance).decode(),
            "dhash": f"{new.dhash:032x}",
            "author": self.author,
            "created": now(),
        }
        with self.database.transaction() as db:
            db.execute(
                f"INSERT INTO images ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                tuple(row.values()),
            )
            db.executemany(
                "INSERT OR IGNORE INTO parents VALUES (?, ?, ?)",
                [(id_, parent.id, parent.share) for parent in parents],
            )
            db.executemany("INSERT INTO lineages VALUES (?, ?)", [(id_, one) for one in lineages])
        kin.add(id_, new.dhash, is_made=bool(parents))
        return AddedImage(self.image(id_), note=note)

    def _meet_again(self, id_: str, new: NewImage) -> AddedImage:
        record = self.image(id_)
        if record.state is State.TRASHED:
            return self._bring_back(record, new)
        note = ""
        if new.label not in (None, record.label):
            there = record.label or "not labelled"
            note = f"{new.name} is in the project already ({there}); its label was left as it is."
        elif record.state is State.REJECTED:
            note = f"{new.name} is in the project already, and was rejected."
        return AddedImage(record, is_duplicate=True, note=note)

    def _bring_back(self, record: ImageRecord, new: NewImage) -> AddedImage:
        notes = [f"{new.name} was in the trash and is back."]
        changed: dict[str, Any] = {"state": new.state, "label": new.label}
        if not _is_made(record.provenance) and not _is_made(new.provenance):
            # Brought in by hand both times: what the person says of it now is what counts.
            changed |= {
                "source": new.provenance.source,
                "is_real": new.is_real,
                "provenance": msgspec.json.encode(new.provenance).decode(),
                "split": record.split,
            }
            if record.split is None:
                changed["split"], note = self._split_for(new, record.lineages)
                notes += [note] if note else []
            elif not new.is_real:
                changed["split"] = None
        with self.database.transaction() as db:
            db.execute(
                f"UPDATE images SET {', '.join(f'{column} = ?' for column in changed)} WHERE id = ?",
                (*changed.values(), record.id),
            )
        return AddedImage(self.image(record.id), note=" ".join(notes))

    def _split_for(self, new: NewImage, lineages: tuple[str, ...]) -> tuple[Split | None, str]:
        if new.split is None:
            return None, ""
        if new.split is not Split.TRAIN and not new.is_real:
            return None, f"{new.name} is not a photograph, so it was not put in {new.split}."
        if not self._kin().is_free(lineages, new.split):
            return None, (
                f"{new.name} is nearly the same as a photo in another split, "
                "so it was added without one."
            )
        return new.split, ""

    def _kin(self) -> Lineages:
        if self._lineages is None:
            self._lineages = Lineages(self.database)
        return self._lineages

    def add_run(self, backbone: str, summary: dict[str, Any], files: dict[str, bytes]) -> int:
        """Keep a trained model: its files land in ``runs/NNNN``, then its row. Returns NNNN."""
        self.folder.check_reachable()
        with self.database.transaction() as db:
            taken = [int(p.name) for p in self.folder.runs.glob("[0-9]*") if p.name.isdecimal()]
            last = db.execute("SELECT coalesce(max(number), 0) FROM runs").fetchone()[0]
            number: int = max([last, *taken]) + 1
            try:
                for name, data in files.items():
                    write_atomic(self.folder.run_folder(number) / name, data)
            except OSError as error:
                shutil.rmtree(self.folder.run_folder(number), ignore_errors=True)
                raise explain_os_error(error, f"The trained model {number:04d}") from error
            db.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?)",
                (number, backbone, msgspec.json.encode(summary).decode(), self.author, now()),
            )
        return number

    def close(self) -> None:
        self.database.close()


def _is_made(provenance: Provenance) -> bool:
    """Made here from other images or by a model, rather than brought in by hand."""
    return bool(provenance.parents or provenance.method)
