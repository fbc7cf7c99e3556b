"""Which files a repository of the hub has, and which of them are taken.

API: https://huggingface.co/docs/hub/api (``/api/models/…/revision`` and ``/tree``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from catstudio.core.errors import NetworkError, NotPossibleError
from catstudio.models.hub_answers import refusal
from catstudio.models.inspection import components
from catstudio.models.retrying import Attempts
from catstudio.models.transfer import RemoteFile
from catstudio.models.web import DroppedError, Web

INDEX = "model_index.json"
_MAX_ANSWER = 64 * 1024 * 1024
_MAX_PAGES = 1000
_HEX40 = re.compile(r"[0-9a-f]{40}")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_NEXT = re.compile(r'<([^>]+)>\s*;\s*rel="?next"?')
_BESIDE = ("README.md", "LICENSE*")
"""Small files that say what the licence is; taken where they are."""
_TEXTS = (".json", ".txt", ".model")
_WEIGHTS = re.compile(r"(?P<stem>[^.]+?)(?:\.(?P<variant>[\w-]+?))?(?:-\d+-of-\d+)?\.safetensors")
_SHARDS = re.compile(r"[^.]+?(?:\.(?P<a>\w+))?\.safetensors\.index(?:\.(?P<b>\w+))?\.json")


class _Info(Struct, frozen=True):
    sha: str


class _Lfs(Struct, frozen=True):
    oid: str
    size: int


class _Entry(Struct, frozen=True):
    type: str
    path: str
    oid: str = ""
    size: int = 0
    lfs: _Lfs | None = None


class Listing(Struct, frozen=True):
    """A repository at one commit."""

    repo: str
    commit: str
    files: tuple[RemoteFile, ...]


def read_listing(web: Web, endpoint: str, repo: str, revision: str, attempts: Attempts) -> Listing:
    """The files of ``repo`` at ``revision``.

    Raises :class:`NotPossibleError` (no such model, or gated), :class:`NetworkError`.
    """
    base = f"{endpoint}/api/models/{quote(repo)}"
    body, _ = _fetched(web, f"{base}/revision/{quote(revision, safe='')}", repo, attempts)
    commit = _parsed(body, _Info, repo).sha
    if not _HEX40.fullmatch(commit):
        raise _nonsense(repo, f"{commit!r} is no commit")
    files: list[RemoteFile] = []
    url = f"{base}/tree/{commit}?recursive=True"
    for _ in range(_MAX_PAGES):
        body, following = _fetched(web, url, repo, attempts)
        entries = _parsed(body, list[_Entry], repo)
        files += [_checked(entry, repo) for entry in entries if entry.type == "file"]
        if not following:
            return Listing(repo, commit, tuple(files))
        url = following
    raise _nonsense(repo, "its list of files does not end")


def file_url(endpoint: str, listing: Listing, path: str) -> str:
    """Where the hub answers with a file, or with where it lies."""
    return f"{endpoint}/{quote(listing.repo)}/resolve/{listing.commit}/{quote(path)}"


def choose(
    listing: Listing, patterns: Iterable[str], index: dict[str, Any] | None
) -> tuple[RemoteFile, ...]:
    """The files to take: those that match ``patterns``, or what ``index`` (a model_index.json)
    names, in half precision where there is; with none of both, one model with its settings.

    Raises :class:`NotPossibleError` when something that is needed is not there.
    """
    patterns = tuple(patterns)
    if patterns:
        names = _by_patterns(listing, patterns)
    elif index is not None:
        names = _by_index(listing, index)
    else:
        names = _single(listing)
    beside = {f.path for f in listing.files if any(is_like(f.path, p) for p in _BESIDE)}
    return tuple(f for f in listing.files if f.path in names | beside)


def _by_patterns(listing: Listing, patterns: tuple[str, ...]) -> set[str]:
    names: set[str] = set()
    for pattern in patterns:
        found = {f.path for f in listing.files if is_like(f.path, pattern)}
        if not found:
            raise _lacks(listing, pattern)
        names |= found
    return names


def _by_index(listing: Listing, index: dict[str, Any]) -> set[str]:
    names = {INDEX}
    for component, (_, class_name) in components(index).items():
        inside = [f.path for f in listing.files if f.path.rpartition("/")[0] == component]
        if not inside:
            raise _lacks(listing, f"{component}/ ({class_name})")
        names |= _of_component(listing, component, inside)
    return names


def _of_component(listing: Listing, component: str, inside: list[str]) -> set[str]:
    """One component's settings, and its weights in one precision."""
    weights: dict[str, set[str]] = {}
    names: set[str] = set()
    is_pickled = False
    for path in inside:
        name = path.rpartition("/")[2]
        if found := _WEIGHTS.fullmatch(name):
            weights.setdefault(found["variant"] or "", set()).add(path)
        elif found := _SHARDS.fullmatch(name):
            weights.setdefault(found["a"] or found["b"] or "", set()).add(path)
        elif name.endswith(_TEXTS) and not name.endswith(".index.json"):
            names.add(path)
        is_pickled = is_pickled or name.endswith((".bin", ".pt", ".ckpt"))
    usable = {v: p for v, p in weights.items() if any(n.endswith(".safetensors") for n in p)}
    if not usable:
        if is_pickled:
            raise NotPossibleError(
                f"{listing.repo} has {component} only as a pickled file, which can run any code "
                "hidden in it.",
                "Choose a model that is offered as safetensors.",
            )
        return names
    order = ("fp16", "", "bf16")
    variant = next((v for v in order if v in usable), min(usable))
    return names | usable[variant]


def _single(listing: Listing) -> set[str]:
    """The one weight file at the top, with the settings beside it."""
    top = [f.path for f in listing.files if "/" not in f.path]
    weights = [name for name in top if name.endswith(".safetensors")]
    if len(weights) != 1:
        found = "several weight files" if weights else "neither model_index.json nor safetensors"
        raise NotPossibleError(
            f"{listing.repo} cannot be taken as it is: it has {found}.",
            "Fetch the file that you want by hand, and add it: catstudio models add PATH.",
        )
    return {*weights, *(name for name in top if name.endswith(_TEXTS))}


def is_like(path: str, pattern: str) -> bool:
    """Does ``path`` match, where a pattern's ``*`` stays inside one folder?"""
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def _checked(entry: _Entry, repo: str) -> RemoteFile:
    """An entry whose names cannot lead out of the cache."""
    path = PurePosixPath(entry.path)
    bad_part = any(part in ("", ".", "..") or part != part.strip() for part in path.parts)
    if path.is_absolute() or bad_part or any(c in entry.path for c in '\\:\0*?"<>|'):
        raise _nonsense(repo, f"a file is called {entry.path!r}")
    sha256 = entry.lfs.oid if entry.lfs else ""
    size = entry.lfs.size if entry.lfs else entry.size
    if not _HEX40.fullmatch(entry.oid) or (sha256 and not _HEX64.fullmatch(sha256)) or size < 0:
        raise _nonsense(repo, f"{entry.path} has no proper hash or size")
    return RemoteFile(path=path.as_posix(), size=size, oid=entry.oid, sha256=sha256)


def _fetched(web: Web, url: str, what: str, attempts: Attempts) -> tuple[bytes, str]:
    """The body of a small answer, and the address of the page after it, if any."""
    while True:
        with attempts.once(), web.get(url) as answer:
            if answer.status != 200:
                raise refusal(answer, what)
            body = bytearray()
            while data := answer.read(65_536):
                body += data
                if len(body) > _MAX_ANSWER:
                    raise _nonsense(what, "its answer does not end")
            expected = answer.headers.get("Content-Length") or ""
            if expected.isdigit() and len(body) < int(expected):
                raise DroppedError("the connection broke off")
            following = _NEXT.search(answer.headers.get("Link") or "")
            return bytes(body), following[1] if following else ""


def _parsed(body: bytes, kind: Any, repo: str) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _nonsense(repo, str(error)) from error


def _nonsense(repo: str, reason: str) -> NetworkError:
    return NetworkError(
        f"What the server says of {repo} makes no sense: {reason}.",
        "Check the mirror and the proxy under Models: does something answer in the hub's place?",
    )


def _lacks(listing: Listing, what: str) -> NotPossibleError:
    return NotPossibleError(
        f"{listing.repo} has no {what} (any more).", "Choose another model, or tell its makers."
    )
