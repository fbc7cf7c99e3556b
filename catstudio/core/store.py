"""The records of one project: images with their bytes, labels, lineage, runs."""

from __future__ import annotations

import getpass
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
from catstudio.core.lineage import NearCopies
from catstudio.core.project import ProjectFolder
from catstudio.core.types import ImageRecord, Provenance, RunRecord, Split, State

_COLUMNS = (
    "id, sha256, label, state, split, source, is_real, width, height, format, name, weight, "
    "provenance, author, created, tags, "
    "(SELECT group_concat(lineage) FROM lineages WHERE image = images.id)"
)


class NewImage(Struct, frozen=True, kw_only=True):
    """An image that has been decoded and may enter: its bytes and what is known of it.

    ``dhash`` is the 128-bit perceptual hash of :func:`catstudio.core.pixels.difference_hash`.
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
        self._near_copies: NearCopies | None = None

    # -- reading ---------------------------------------------------------------------------

    def labels(self) -> tuple[str, ...]:
        """The labels in their order."""
        return tuple(n for (n,) in self.database.read("SELECT name FROM labels ORDER BY position"))

    def images(self) -> list[ImageRecord]:
        """Every image, trashed ones too, oldest first."""
        rows = self.database.read(f"SELECT {_COLUMNS} FROM images ORDER BY number")
        return [_record(row) for row in rows]

    def images_by_id(self, ids: Iterable[str]) -> list[ImageRecord]:
        """The images called ``ids``, in that order; unknown ids are left out."""
        wanted = tuple(ids)
        rows = self.database.read_in(f"SELECT {_COLUMNS} FROM images WHERE id IN ({{}})", wanted)
        found = {row[0]: _record(row) for row in rows}
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
            f"SELECT {_COLUMNS} FROM images "
            "WHERE id IN (SELECT child FROM parents WHERE parent = ?) ORDER BY number",
            (id_,),
        )
        return [_record(row) for row in rows]

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
        known = self.database.read("SELECT id FROM images WHERE sha256 = ?", (digest,))
        if known:
            return self._meet_again(known[0][0], new)
        try:
            write_atomic(self.folder.image_path(digest, new.format), new.data)
        except OSError as error:
            raise explain_os_error(error, new.name) from error
        id_ = uuid.uuid4().hex
        with self.database.transaction() as db:
            lineages = self._lineages_for(id_, new)
            split, note = self._split_for(new, lineages)
            db.execute(
                "INSERT INTO images (id, sha256, label, state, split, source, is_real, width, "
                "height, format, name, provenance, dhash, author, created) "
                "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    id_,
                    digest,
                    new.label,
                    new.state,
                    split,
                    new.provenance.source,
                    new.is_real,
                    new.width,
                    new.height,
                    new.format,
                    new.name,
                    msgspec.json.encode(new.provenance).decode(),
                    f"{new.dhash:032x}",
                    self.author,
                    now(),
                ),
            )
            db.executemany(
                "INSERT OR IGNORE INTO parents VALUES (?, ?, ?)",
                [(id_, p.id, p.share) for p in new.provenance.parents],
            )
            db.executemany("INSERT INTO lineages VALUES (?, ?)", [(id_, one) for one in lineages])
        if not new.provenance.parents:
            self._roots().add(new.dhash, id_)
        return AddedImage(self.image(id_), note=note)

    def _meet_again(self, id_: str, new: NewImage) -> AddedImage:
        record = self.image(id_)
        note = ""
        if record.state is State.TRASHED:
            with self.database.transaction() as db:
                db.execute(
                    "UPDATE images SET state = ?, label = ? WHERE id = ?",
                    (new.state, new.label, id_),
                )
            return AddedImage(self.image(id_), note=f"{new.name} was in the trash and is back.")
        if new.label not in (None, record.label):
            there = record.label or "not labelled"
            note = f"{new.name} is in the project already ({there}); its label was left as it is."
        return AddedImage(record, is_duplicate=True, note=note)

    def _lineages_for(self, id_: str, new: NewImage) -> tuple[str, ...]:
        related = [parent.id for parent in new.provenance.parents]
        near = self._roots().nearest(new.dhash)
        if near is not None:
            related.append(near)
        rows = self.database.read_in("SELECT lineage FROM lineages WHERE image IN ({})", related)
        return tuple(sorted({lineage for (lineage,) in rows})) or (id_,)

    def _split_for(self, new: NewImage, lineages: tuple[str, ...]) -> tuple[Split | None, str]:
        if new.split is None:
            return None, ""
        if new.split is not Split.TRAIN and not new.is_real:
            return None, f"{new.name} is not a photograph, so it was not put in {new.split}."
        held = self.database.read_in(
            "SELECT DISTINCT split FROM images JOIN lineages ON image = images.id "
            "WHERE split IN ('val', 'test') AND lineage IN ({})",
            lineages,
        )
        if held or (new.split is not Split.TRAIN and self._is_trained_on(lineages)):
            return None, (
                f"{new.name} is nearly the same as a photo in another split, "
                "so it was added without one."
            )
        return new.split, ""

    def _is_trained_on(self, lineages: tuple[str, ...]) -> bool:
        return bool(
            self.database.read_in(
                "SELECT 1 FROM images JOIN lineages ON image = images.id "
                "WHERE split = 'train' AND lineage IN ({}) LIMIT 1",
                lineages,
            )
        )

    def _roots(self) -> NearCopies:
        if self._near_copies is None:
            index = NearCopies()
            for id_, dhash in self.database.read(
                "SELECT id, dhash FROM images WHERE id NOT IN (SELECT child FROM parents)"
            ):
                index.add(int(dhash, 16), id_)
            self._near_copies = index
        return self._near_copies

    def add_run(self, backbone: str, summary: dict[str, Any], files: dict[str, bytes]) -> int:
        """Keep a trained model: its files land in ``runs/NNNN``, then its row. Returns NNNN."""
        with self.database.transaction() as db:
            taken = [int(p.name) for p in self.folder.runs.glob("[0-9]*") if p.name.isdigit()]
            last = db.execute("SELECT coalesce(max(number), 0) FROM runs").fetchone()[0]
            number: int = max([last, *taken]) + 1
            try:
                for name, data in files.items():
                    write_atomic(self.folder.run_folder(number) / name, data)
            except OSError as error:
                raise explain_os_error(error, f"The trained model {number:04d}") from error
            db.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?)",
                (number, backbone, msgspec.json.encode(summary).decode(), self.author, now()),
            )
        return number

    def close(self) -> None:
        self.database.close()


def _record(row: tuple[Any, ...]) -> ImageRecord:
    (id_, digest, label, state, split, source, is_real, width, height, format_, name, weight) = row[
        :12
    ]
    provenance, author, created, tags, lineages = row[12:]
    return ImageRecord(
        id=id_,
        sha256=digest,
        label=label,
        state=State(state),
        split=Split(split) if split else None,
        source=source,
        is_real=bool(is_real),
        width=width,
        height=height,
        format=format_,
        name=name,
        weight=weight,
        lineages=tuple(lineages.split(",")) if lineages else (),
        provenance=msgspec.json.decode(provenance, type=Provenance),
        author=author,
        created=created,
        tags=tuple(msgspec.json.decode(tags)),
    )
