"""Audits of finished runs: what they ask about, and where their answers are kept."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from catstudio import __version__
from catstudio.core.errors import BadInputError, CatStudioError, NotPossibleError
from catstudio.core.files import explain_os_error, sha256, write_atomic
from catstudio.core.pixels import EXTENSIONS
from catstudio.core.store import Store, now
from catstudio.core.thumbnails import thumbnail
from catstudio.core.types import ImageRecord, State, soft_label
from catstudio.jobs.events import Done
from catstudio.jobs.requests import AuditItem, AuditRequest
from catstudio.resources import resource
from catstudio.sources import importing
from catstudio.studio.requesting import new_job_id

if TYPE_CHECKING:
    from catstudio.learn.blind import Results

AUDIT_FILE, DATA_FILE = "audit.json", "data.json"
_STRANGERS = "Name photos of neither class, or a folder of them."
_PICTURE = 192
"""Pixels a side of the page's pictures: sharp on a screen with twice the pixels."""


class Used(Struct, frozen=True):
    """How a run used one image: written beside its model, so that later edits change nothing."""

    id: str
    label: str
    split: str
    weight: int = 1
    soft_label: tuple[tuple[str, float], ...] = ()


def request(
    store: Store, run_folder: Path, strangers: Iterable[str | Path] | None, seed: int
) -> AuditRequest:
    """Question the run in ``run_folder``; ``strangers`` None takes the example photos.

    Raises :class:`NotPossibleError` when its images are gone or there is no stranger at the
    given paths, and :class:`BadInputError` for a path that is not there.
    """
    store.folder.check_reachable()
    used = _used(run_folder / DATA_FILE)
    hashes = store.hashes()
    if used is None:
        records = [r for r in store.images() if r.state is State.ACCEPTED and r.label is not None]
        items = [_item(store, hashes, r, _as_now(r)) for r in records]
    else:
        by_id = {record.id: record for record in store.images_by_id([one.id for one in used])}
        items = [_item(store, hashes, by_id[one.id], one) for one in used if one.id in by_id]
    if not items:
        raise NotPossibleError(
            f"The images of run {run_folder.name} are no longer in {store.folder.name}.",
            "Train again.",
        )
    known = {item.sha256 for item in items}
    return AuditRequest(
        job_id=new_job_id(),
        items=tuple(items),
        run_folder=str(run_folder),
        run=int(run_folder.name),
        strangers=tuple(_examples(known) if strangers is None else _photos(strangers)),
        embedding_cache=str(store.folder.embeddings),
        seed=seed,
    )


def keep(request: AuditRequest, event: Done) -> Done:
    """Write a finished audit beside its model."""
    result = {"run": request.run, "created": now(), "catstudio": __version__, **event.result}
    path = Path(request.run_folder) / AUDIT_FILE
    try:
        write_atomic(path, msgspec.json.format(msgspec.json.encode(result)))
    except OSError as error:
        raise explain_os_error(error, str(path)) from error
    return Done(job_id=event.job_id, result=result)


def read(run_folder: Path) -> dict[str, Any] | None:
    """The audit of the run in ``run_folder``; None while it has none."""
    path = run_folder / AUDIT_FILE
    try:
        found: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise CatStudioError(
            f"The audit of run {run_folder.name} cannot be read: {error}.", "Audit the run again."
        ) from error
    return found


def write_page(
    store: Store, run_folder: Path, report: dict[str, Any], out: Path, eye: Results
) -> None:
    """Write the run's report, and what the blind test says, as one HTML file to ``out``."""

    # Only who writes a page pays for it: it draws charts, and is not for the start.
    from catstudio.report.page import page

    def picture(id_: str) -> bytes | None:
        try:
            record = store.image(id_)
            path = store.image_path(record)
            return thumbnail(path, store.folder.cache, record.sha256, _PICTURE).read_bytes()
        except (CatStudioError, OSError):
            return None  # The page says so in its place.

    text = page(store.folder.name, int(run_folder.name), report, read(run_folder), picture, eye)
    try:
        write_atomic(out, text.encode())
    except OSError as error:
        raise explain_os_error(error, str(out)) from error


def _used(path: Path) -> list[Used] | None:
    """What the run's own record says; None for a run of an older CatStudio, which has none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Used])
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise CatStudioError(
            f"The record of run {path.parent.name} cannot be read: {error}.", "Train again."
        ) from error


def _as_now(record: ImageRecord) -> Used:
    split = str(record.split) if record.split else "train"
    return Used(record.id, record.label or "", split, record.weight, soft_label(record))


def _item(store: Store, hashes: dict[str, str], record: ImageRecord, used: Used) -> AuditItem:
    return AuditItem(
        id=record.id,
        path=str(store.image_path(record)),
        sha256=record.sha256,
        label=used.label,
        source=record.source,
        is_real=record.is_real,
        lineages=record.lineages,
        split=used.split,
        weight=used.weight,
        soft_label=used.soft_label,
        name=record.name,
        width=record.width,
        height=record.height,
        format=record.format,
        dhash=hashes.get(record.id, ""),
    )


def _examples(known: set[str]) -> list[str]:
    """The example photos that show no animal, without those the project holds itself."""
    photos = sorted((resource("examples") / "not-cat").glob("*.jpg"))
    return [str(path) for path in photos if sha256(path.read_bytes()) not in known]


def _photos(paths: Iterable[str | Path]) -> list[str]:
    found: list[str] = []
    for path in map(Path, paths):
        if importing.holds(path.is_dir):
            dead: list[importing.Dead] = []
            found += [str(p) for p in importing.walk(path, dead) if p.suffix.lower() in EXTENSIONS]
        elif importing.holds(path.exists):
            found.append(str(path))
        else:
            raise BadInputError(f"There is no {path}.", _STRANGERS)
    if not found:
        raise NotPossibleError(
            f"There is no photo in {', '.join(map(str, paths)) or 'nothing'}.",
            _STRANGERS,
        )
    return found
