"""Bringing files in: walk folders, decode each image for real, hand it to the store or say why not."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from msgspec import Struct, structs
from PIL.Image import Image

from catstudio.core.errors import BadInputError, ImageRefusedError
from catstudio.core.generated import Claim, read_claim
from catstudio.core.location import without_location
from catstudio.core.pixels import EXTENSIONS, decode, read_bytes
from catstudio.core.project import SUFFIX
from catstudio.core.store import NewImage
from catstudio.core.thumbnails import shrunk
from catstudio.core.types import Provenance, Split, State
from catstudio.core.wording import shown
from catstudio.jobs.requests import ImportRequest
from catstudio.sources import source
from catstudio.sources.drawing import OTHER_TOOL

THUMBNAIL = 256
"""The side of the thumbnail that the gallery shows first, in pixels."""
_AHEAD = 4  # Images decoded ahead of the one being stored: keeps two cores busy, memory small.


class Candidate(Struct, frozen=True):
    """One thing to import: a file, or bytes that have no file.

    ``entry`` is what is said of this one alone, in place of what is said of all. ``read``
    fetches the bytes when its turn comes, in order, on the caller's thread (archives are read
    from front to back); it raises :class:`ImageRefusedError`.
    """

    name: str
    path: str = ""
    data: bytes | None = None
    entry: ImportRequest | None = None
    read: Callable[[], bytes] | None = None


class Dead(Struct, frozen=True):
    """A path that leads to no image: ``message`` names it and says why, ``hint`` what to do."""

    path: str
    message: str
    hint: str


class Found(Struct, frozen=True):
    """What a walk found: images to try, files that do not look like images, and what cannot be
    walked."""

    candidates: tuple[Candidate, ...]
    skipped: tuple[str, ...]
    refused: tuple[Dead, ...]


class Given(Struct, frozen=True):
    """Images to take in: ``total`` candidates, and what is refused before any is decoded."""

    request: ImportRequest
    candidates: Iterable[Candidate]
    total: int
    refused: tuple[Dead, ...]


class Sound(Struct, frozen=True):
    """A candidate that decodes: ready for the store, with a small picture for a thumbnail.

    ``claim`` is what the file says of how it came about; ``note`` a sentence for the person when
    it comes in as something else than asked; ``lost_location`` tells that its bytes are those
    of the file but for the place where it was taken.
    """

    candidate: Candidate
    new: NewImage
    small: Image
    claim: Claim | None = None
    note: str = ""
    lost_location: bool = False


class Refused(Struct, frozen=True):
    """A candidate that cannot enter, and why."""

    candidate: Candidate
    reason: ImageRefusedError


Checked = Sound | Refused


def find(request: ImportRequest) -> Found:
    """Walk the request's paths in sorted order.

    A file that is named is always tried, whatever its ending; inside a folder only files that
    end like an image are, and the others are listed as skipped. Hidden files, links to folders
    (they may lead round in a circle) and projects inside the folder are passed over; a project
    that is named itself is refused.
    """
    candidates: list[Candidate] = []
    skipped: list[str] = []
    refused: list[Dead] = []
    for given in request.paths:
        path = Path(given)
        if is_project(path):
            refused.append(
                _dead(path, "is a CatStudio project, not a folder of photos", "Open it instead.")
            )
        elif holds(path.is_dir):
            before = len(refused)
            files = list(walk(path, refused))
            images = [p for p in files if p.suffix.lower() in EXTENSIONS]
            skipped += [shown(str(p)) for p in files if p.suffix.lower() not in EXTENSIONS]
            candidates += [Candidate(shown(p.name), str(p)) for p in images]
            if not images and len(refused) == before:
                kinds = "JPEG, PNG, WebP, BMP, GIF, TIFF, HEIC or AVIF"
                refused.append(
                    _dead(path, "has no images in it", f"Choose a folder that holds {kinds} files.")
                )
        elif holds(path.exists):
            candidates.append(Candidate(shown(path.name), given))
        else:
            refused.append(_dead(path, "is not there", "Check the path."))
    candidates += [Candidate(shown(name), data=data) for name, data in request.blobs]
    return Found(tuple(candidates), tuple(skipped), tuple(refused))


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


def checked(
    request: ImportRequest, candidates: Iterable[Candidate]
) -> Generator[Checked, None, None]:
    """Decode the candidates, in order, a few ahead in two threads."""
    with ThreadPoolExecutor(2, thread_name_prefix="decode") as pool:
        waiting: list[Future[Checked]] = []
        rest = iter(candidates)
        try:
            while True:
                waiting += [
                    _submitted(pool, request, one) for one in islice(rest, _AHEAD - len(waiting))
                ]
                if not waiting:
                    return
                yield waiting.pop(0).result()
        finally:
            for future in waiting:
                future.cancel()


def _submitted(
    pool: ThreadPoolExecutor, request: ImportRequest, candidate: Candidate
) -> Future[Checked]:
    if candidate.read is None:
        return pool.submit(_check, request, candidate)
    try:
        data = candidate.read()
    except ImageRefusedError as refusal:
        over: Future[Checked] = Future()
        over.set_result(Refused(candidate, refusal))
        return over
    return pool.submit(_check, request, structs.replace(candidate, data=data))


def _check(request: ImportRequest, candidate: Candidate) -> Checked:
    request = candidate.entry or request
    try:
        data = candidate.data
        if data is None:
            data = read_bytes(Path(candidate.path))
        # Before hashing: the same photo again is a duplicate, whoever took its place out.
        given, data = data, data if request.keeps_location else without_location(data)
        decoded = decode(data, candidate.name)
    except ImageRefusedError as refusal:
        return Refused(candidate, refusal)
    claim = read_claim(given)
    request, note = _honest(request, claim, candidate.name)
    params = dict(request.params)
    if decoded.captured_at:
        params["captured_at"] = decoded.captured_at
    lost_location = data is not given
    if lost_location:
        params["location"] = "removed"
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
            method=request.method,
            parents=request.parents,
            params=params,
            origin=request.origin or shown(candidate.path),
            license=request.license,
            author=request.author,
        ),
        label=request.label,
        # What has no label yet waits in review; the person vouches for the rest.
        state=State.ACCEPTED if request.label else State.PENDING,
        split=Split(request.split) if request.split else None,
        burst=str(params.get("burst", "")),
    )
    # The full picture goes now: several of half a gigabyte may be waiting for the store.
    return Sound(candidate, new, shrunk(decoded.image, THUMBNAIL), claim, note, lost_location)


def _honest(request: ImportRequest, claim: Claim | None, name: str) -> tuple[ImportRequest, str]:
    """The request as it holds for a file that may say of itself that it is no photograph.

    Such a file is never a real photo, whatever it is imported as: it would be tested on.
    """
    if claim is None or not claim.is_generated:
        return request, ""
    request = structs.replace(request, params={**claim.params(), **request.params})
    if not source(request.source).is_real:
        return request, ""
    made_by = f" by {claim.made_by}" if claim.made_by else ""
    note = (
        f"{name} says that it was made{made_by} ({claim.evidence}): it came in as "
        f"{OTHER_TOOL.id}, not as a real photo."
    )
    split = request.split if request.split == Split.TRAIN else None
    return structs.replace(request, source=OTHER_TOOL.id, split=split), note


def is_project(path: Path) -> bool:
    """Is the folder at ``path`` a project? A broken one too, by its ending."""
    if not holds(path.is_dir):
        return False
    return path.suffix == SUFFIX or holds((path / "project.sqlite").is_file)


def walk(folder: Path, refused: list[Dead]) -> Iterator[Path]:
    """Files below ``folder``, in order; a folder that cannot be read is refused, the rest goes on."""
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        if not holds(path.is_dir):
            if holds(path.is_file):
                yield path
            continue
        try:
            entries = sorted(path.iterdir(), reverse=True)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            refused.append(
                _dead(path, f"cannot be read: {reason}", "Check that you may open this folder.")
            )
            continue
        waiting += [entry for entry in entries if _is_wanted(entry)]


def _dead(path: Path, reason: str, hint: str) -> Dead:
    return Dead(shown(str(path)), f"{shown(path.name or str(path))} {reason}.", hint)


def _is_wanted(entry: Path) -> bool:
    if entry.name.startswith(".") or entry.suffix == SUFFIX:
        return False
    return not (holds(entry.is_symlink) and holds(entry.is_dir))


def holds(claim: Callable[[], bool]) -> bool:
    """False also for what the system does not let us know: a name too long, a locked folder."""
    try:
        return claim()
    except OSError:
        return False
