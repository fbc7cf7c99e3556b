"""Downloading a model into the shared cache: resumable, checked, cancelled within a moment.

The hub's own library is not used for this: it starts a broken file over in a new process, has no
pause, does not check what arrives over plain HTTP against its SHA-256, and waits for a silent
server as long as it likes. The files land where it puts them, so that everybody finds them.
"""

from __future__ import annotations

import json
import shutil
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from msgspec import Struct

from catstudio.core.errors import CancelledError, NotPossibleError
from catstudio.core.files import explain_os_error
from catstudio.core.wording import size_text
from catstudio.jobs.context import JobContext
from catstudio.models import network
from catstudio.models.catalogue import Wanted
from catstudio.models.listing import INDEX, Listing, choose, file_url, read_listing
from catstudio.models.repo_cache import RepoCache
from catstudio.models.retrying import Attempts, Patience, Sleep, sleep_for
from catstudio.models.transfer import RemoteFile, Transfer
from catstudio.models.web import Web, origin

_WINDOW = 5.0  # Seconds over which the speed is averaged.
_LOCK_TICK = 0.2


class Manners(Struct, frozen=True, kw_only=True):
    """How a download behaves: patience with failures, the longest waits in seconds, and the
    bytes of disk that stay free. ``sleep`` replaces the real one (tests)."""

    patience: Patience = Patience()
    connect_seconds: float = 15.0
    stall_seconds: float = 30.0
    reserve: int = 500_000_000
    sleep: Sleep | None = None


class Downloaded(Struct, frozen=True, kw_only=True):
    """A model that is whole: its folder, the commit, what it weighs, and what it took."""

    repo: str
    commit: str
    path: str
    files: int
    size: int
    fetched: int
    refetched: int
    drops: int
    seconds: float


def download(wanted: Wanted, context: JobContext, manners: Manners | None = None) -> Downloaded:
    """Fetch what ``wanted`` names and is not there yet.

    Cancelled or killed at any instant, it goes on from the last byte when it is called again.

    Raises
    ------
    NotPossibleError : offline, gated, no such model, or not enough disk space.
    NetworkError : it did not come, or not as the hub lists it.
    CancelledError : what has arrived is kept; ``result["downloaded"]`` are its bytes.
    """
    network.check_online(wanted.title or wanted.repo)
    context.check_cancelled()
    one = _Download(wanted, context, manners or Manners())
    try:
        return one.run()
    except CancelledError as error:
        error.result = {"downloaded": RepoCache(wanted.repo).begun(), "model": wanted.repo}
        raise


class _Download:
    """One download under way."""

    def __init__(self, wanted: Wanted, context: JobContext, manners: Manners) -> None:
        self._wanted = wanted
        self._context = context
        self._manners = manners
        self._sleep = manners.sleep or sleep_for(context.check_cancelled)
        self._cache = RepoCache(wanted.repo)
        self._endpoint = network.endpoint()
        self._meter = _Meter(context)
        self._fetched = self._refetched = self._drops = 0

    def run(self) -> Downloaded:
        began = time.monotonic()
        self._context.progress(0, 1, f"Asking for {self._wanted.repo}")
        with self._web() as web:
            listing = read_listing(
                web, self._endpoint, self._wanted.repo, self._wanted.revision, self._attempts("")
            )
            files = choose(listing, self._wanted.files, self._index(web, listing))
            self._check_space(files, listing.commit)
            self._meter.begin(files, sum(self._there(f, listing.commit) for f in files))
            for remote in files:
                self._fetch(web, listing, remote)
        try:
            path = self._cache.finish(files, listing.commit, self._wanted.revision)
        except OSError as error:
            raise explain_os_error(error, str(self._cache.folder)) from error
        return Downloaded(
            repo=self._wanted.repo,
            commit=listing.commit,
            path=str(path),
            files=len(files),
            size=sum(f.size for f in files),
            fetched=self._fetched,
            refetched=self._refetched,
            drops=self._drops,
            seconds=round(time.monotonic() - began, 3),
        )

    def _web(self) -> Web:
        return Web(
            self._check,
            proxy=network.read_settings().proxy,
            token=network.token(),
            token_origin=origin(self._endpoint),
            connect_seconds=self._manners.connect_seconds,
            stall_seconds=self._manners.stall_seconds,
        )

    def _check(self) -> None:
        self._context.check_cancelled()

    def _attempts(self, path: str) -> Attempts:
        what = f"{self._wanted.repo} ({path})" if path else self._wanted.repo
        return Attempts(what, self._manners.patience, self._sleep)

    def _index(self, web: Web, listing: Listing) -> dict[str, Any] | None:
        """The repository's model_index.json, where that decides what is taken."""
        remote = next((f for f in listing.files if f.path == INDEX), None)
        if self._wanted.files or remote is None:
            return None
        self._fetch(web, listing, remote)
        place = self._cache.blob(remote)
        if not place.is_file():  # Where links cannot be made, it lies in the snapshot.
            place = self._cache.snapshot(listing.commit) / INDEX
        index: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        return index

    def _there(self, remote: RemoteFile, commit: str) -> int:
        """Bytes of a file that need not be fetched."""
        if self._cache.has(remote, commit):
            return remote.size
        part = self._cache.part(remote)
        return min(part.stat().st_size, remote.size) if part.exists() else 0

    def _check_space(self, files: tuple[RemoteFile, ...], commit: str) -> None:
        missing = sum(f.size - self._there(f, commit) for f in files)
        folder = self._cache.folder
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free
        if missing and missing + self._manners.reserve > free:
            raise NotPossibleError(
                f"{self._wanted.title or self._wanted.repo} does not fit: {size_text(missing)} are "
                f"missing, and {size_text(free)} are free at {self._cache.cache}.",
                f"Free some space ({size_text(self._manners.reserve)} are to stay free), or set "
                "HF_HUB_CACHE to a folder on a larger disk.",
            )

    def _fetch(self, web: Web, listing: Listing, remote: RemoteFile) -> None:
        """Bring one file in, unless it is there; one program at a time does."""
        if self._cache.has(remote, listing.commit):
            return
        lock = self._cache.lock(remote)
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            self._cache.part(remote).parent.mkdir(parents=True, exist_ok=True)
            with self._locked(lock):
                if not self._cache.has(remote, listing.commit):
                    self._transfer(web, listing, remote)
        except OSError as error:
            raise explain_os_error(error, str(self._cache.folder)) from error

    @contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        lock = FileLock(path)
        while not lock.is_locked:
            try:
                lock.acquire(timeout=_LOCK_TICK)
            except Timeout:
                self._check()
                self._meter.say("Another program is fetching this; waiting for it")
        try:
            yield
        finally:
            lock.release()

    def _transfer(self, web: Web, listing: Listing, remote: RemoteFile) -> None:
        attempts = self._attempts(remote.path)
        self._meter.file(remote.path)
        transfer = Transfer(
            web,
            file_url(self._endpoint, listing, remote.path),
            remote,
            self._cache.part(remote),
            attempts=attempts,
            check=self._check,
            on_bytes=self._count,
            stall_seconds=self._manners.stall_seconds,
        )
        try:
            transfer.run()
        finally:
            self._drops += attempts.total
            self._refetched += transfer.refetched
        self._cache.land(remote)

    def _count(self, gained: int) -> None:
        network.check_online(self._wanted.title or self._wanted.repo)
        self._fetched += max(gained, 0)
        self._meter.add(gained)


class _Meter:
    """Says how far the download is, how fast, and what it is at."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._done = 0
        self._total = 1
        self._path = ""
        self._recent: deque[tuple[float, int]] = deque()

    def begin(self, files: tuple[RemoteFile, ...], there: int) -> None:
        self._total = max(sum(f.size for f in files), 1)
        self._done = there
        self._recent.clear()

    def file(self, path: str) -> None:
        self._path = path
        self._show()

    def add(self, gained: int) -> None:
        self._done += gained
        now = time.monotonic()
        self._recent.append((now, gained))
        while self._recent[0][0] < now - _WINDOW:
            self._recent.popleft()
        self._show()

    def say(self, text: str) -> None:
        self._context.progress(self._done, self._total, text)

    def _show(self) -> None:
        amount = f"{size_text(self._done)} of {size_text(self._total)}"
        span = self._recent[-1][0] - self._recent[0][0] if self._recent else 0.0
        speed = sum(gained for _, gained in self._recent) / span if span > 0.5 else 0.0
        rate = f" · {size_text(speed)}/s" if speed > 0 else ""
        self._context.progress(self._done, self._total, f"{amount}{rate} · {self._path}")
