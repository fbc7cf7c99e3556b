"""Bringing files in: walk folders, decode each image for real, hand it to the store or say why not."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from msgspec import Struct

from catstudio.core.errors import BadInputError, ImageRefusedError
from catstudio.core.pixels import EXTENSIONS, DecodedImage, decode, read_bytes
from catstudio.core.store import NewImage
from catstudio.core.types import Provenance, Split, State
from catstudio.jobs.requests import ImportRequest
from catstudio.sources import source

_AHEAD = 4  # Images decoded ahead of the one being stored: keeps two cores busy, memory small.


class Candidate(Struct, frozen=True):
    """One thing to import: a file, or bytes that have no file."""

    name: str
    path: str = ""
    data: bytes | None = None


class Found(Struct, frozen=True):
    """What a walk found: images to try, and files that do not look like images."""

    candidates: tuple[Candidate, ...]
    skipped: tuple[str, ...]
    missing: tuple[str, ...]
    empty_folders: tuple[str, ...]


class Sound(Struct, frozen=True):
    """A candidate that decodes: ready for the store, with its pixels for a thumbnail."""

    candidate: Candidate
    new: NewImage
    decoded: DecodedImage


class Refused(Struct, frozen=True):
    """A candidate that cannot enter, and why."""

    candidate: Candidate
    reason: ImageRefusedError


Checked = Sound | Refused


def find(request: ImportRequest) -> Found:
    """Walk the request's paths in sorted order.

    A file that is named is always tried, whatever its ending; inside a folder only files that
    end like an image are, and the others are listed as skipped. Hidden files are passed over.
    """
    candidates: list[Candidate] = []
    skipped: list[str] = []
    missing: list[str] = []
    empty: list[str] = []
    for given in request.paths:
        path = Path(given)
        if path.is_dir():
            files = list(_walk(path))
            images = [p for p in files if p.suffix.lower() in EXTENSIONS]
            skipped += [str(p) for p in files if p.suffix.lower() not in EXTENSIONS]
            candidates += [Candidate(p.name, str(p)) for p in images]
            if not images:
                empty.append(given)
        elif path.exists():
            candidates.append(Candidate(path.name, given))
        else:
            missing.append(given)
    candidates += [Candidate(name, data=data) for name, data in request.blobs]
    return Found(tuple(candidates), tuple(skipped), tuple(missing), tuple(empty))


def check_request(request: ImportRequest) -> None:
    """Raise :class:`BadInputError` when the request itself cannot be meant."""
    origin = source(request.source)
    if origin.is_generator or origin.id == "copy":
        raise BadInputError(
            f"Files cannot be imported as {origin.title!r}.",
            "Use photo, vendor, drawing or other-tool.",
        )
    if request.split is not None and request.split not in set(Split):
        raise BadInputError(
            f"There is no split called {request.split!r}.", "Use train, val or test."
        )
    if request.split in (Split.VAL, Split.TEST) and not origin.is_real:
        raise BadInputError(
            f"{origin.title} images cannot be in the {request.split} split.",
            "Only real photos (photo, vendor) may be validated or tested on.",
        )


def checked(request: ImportRequest, candidates: tuple[Candidate, ...]) -> Iterator[Checked]:
    """Decode the candidates, in order, a few ahead in two threads."""
    with ThreadPoolExecutor(2, thread_name_prefix="decode") as pool:
        waiting: list[Future[Checked]] = []
        rest = iter(candidates)
        try:
            while True:
                waiting += [
                    pool.submit(_check, request, one) for one in islice(rest, _AHEAD - len(waiting))
                ]
                if not waiting:
                    return
                yield waiting.pop(0).result()
        finally:
            for future in waiting:
                future.cancel()


def _check(request: ImportRequest, candidate: Candidate) -> Checked:
    try:
        data = candidate.data
        if data is None:
            data = read_bytes(Path(candidate.path))
        decoded = decode(data, candidate.name)
    except ImageRefusedError as refusal:
        return Refused(candidate, refusal)
    params = {"captured_at": decoded.captured_at} if decoded.captured_at else {}
    new = NewImage(
        data=data,
        name=candidate.name,
        format=decoded.format,
        width=decoded.width,
        height=decoded.height,
        dhash=decoded.dhash,
        is_real=source(request.source).is_real,
        provenance=Provenance(
            source=request.source,
            params=params,
            origin=request.origin or candidate.path,
            license=request.license,
            author=request.author,
        ),
        label=request.label,
        # What has no label yet waits in review; the person vouches for the rest.
        state=State.ACCEPTED if request.label else State.PENDING,
        split=Split(request.split) if request.split else None,
    )
    return Sound(candidate, new, decoded)


def _walk(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise BadInputError(
            f"The folder {folder} cannot be read: {(error.strerror or str(error)).lower()}.",
            "Check that it is still there and that you may open it.",
        ) from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from _walk(entry)
        elif entry.is_file():
            yield entry
