"""Fetching one file: on from where a ``.part`` ends, checked to the last byte, wrong bytes refused."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from catstudio.core.errors import NetworkError
from catstudio.core.files import explain_os_error
from catstudio.models.hub_answers import refusal
from catstudio.models.retrying import Attempts
from catstudio.models.web import Answer, Check, DroppedError, Web

_BLOCK = 256 * 1024
_HASH_BLOCK = 1 << 20
_MIN_RATE = 1024
"""Bytes a second: below it for a whole stall time, another connection is tried."""
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class RemoteFile(Struct, frozen=True):
    """One file of a repository as the hub lists it: ``size`` in bytes, ``oid`` git's hash of it,
    ``sha256`` that of its content, "" for the small files that git itself keeps."""

    path: str
    size: int
    oid: str
    sha256: str = ""

    @property
    def blob(self) -> str:
        """What the shared cache calls the content: its SHA-256, or git's hash."""
        return self.sha256 or self.oid


def matches(path: Path, remote: RemoteFile, check: Check) -> bool:
    """Has the file at ``path`` exactly the bytes of ``remote``? Reads it all."""
    if path.stat().st_size != remote.size:
        return False
    return hash_of(path, is_git=not remote.sha256, check=check) == remote.blob


def hash_of(path: Path, is_git: bool, check: Check) -> str:
    """The SHA-256 of a file's content, or the SHA-1 that git gives it."""
    if is_git:
        # git's name of a blob is defined with SHA-1; nobody is kept out by it here.
        digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    else:
        digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_HASH_BLOCK):
            check()
            digest.update(block)
    return digest.hexdigest()


class Transfer:
    """Fetches ``remote`` from ``url`` into ``part`` and keeps what has arrived there.

    ``on_bytes`` is told of every gain, and of losses as negative numbers. ``refetched`` counts
    bytes that had been there and were fetched anew.
    """

    def __init__(
        self,
        web: Web,
        url: str,
        remote: RemoteFile,
        part: Path,
        *,
        attempts: Attempts,
        check: Check,
        on_bytes: Callable[[int], None],
        stall_seconds: float = 30.0,
    ) -> None:
        self._web = web
        self._url = url
        self._remote = remote
        self._part = part
        self._etag = etag_file(part)
        self._attempts = attempts
        self._check = check
        self._on_bytes = on_bytes
        self._stall_seconds = stall_seconds
        self._wrong = 0
        self._furthest = 0
        self.refetched = 0

    def run(self) -> None:
        """Fetch until ``part`` is the whole file and checked.

        Raises
        ------
        NetworkError : it did not come, or came wrong twice and was deleted.
        CatStudioError : it cannot be written. What has arrived is kept.
        """
        try:
            while True:
                have = self._have()
                if have == self._remote.size:
                    if matches(self._part, self._remote, self._check):
                        break
                    self._refuse()
                elif have > self._remote.size:
                    self._discard()
                else:
                    with self._attempts.once():
                        self._append(max(have, 0))
            self._etag.unlink(missing_ok=True)
        except OSError as error:
            raise explain_os_error(error, str(self._part)) from error

    def _append(self, have: int) -> None:
        """Ask for what is missing, and write what comes. Raises :class:`DroppedError`."""
        headers = {"Range": f"bytes={have}-"} if have else {}
        etag = _read(self._etag) if have else ""
        if etag and not etag.startswith("W/"):  # A weak one does not promise the same bytes.
            headers["If-Range"] = etag
        with self._web.get(self._url, headers) as answer:
            if answer.status == 206 and have:
                self._check_part(answer, have, etag)
            elif answer.status == 200:
                if have:  # No ranges here, or another version of the file: from the start.
                    self._discard()
                self._etag.write_text(answer.headers.get("ETag") or "", encoding="utf-8")
                have = 0
            elif answer.status == 416:
                self._discard()
                raise DroppedError("the server has less of the file than was fetched")
            else:
                raise refusal(answer, self._remote.path)
            with self._part.open("ab" if have else "wb") as file:
                self._receive(answer, file, have)
                file.flush()
                os.fsync(file.fileno())

    def _check_part(self, answer: Answer, have: int, etag: str) -> None:
        """Is it the part that was asked for, of the same file? If not, start over."""
        found = _RANGE.fullmatch((answer.headers.get("Content-Range") or "").strip())
        is_ours = found is not None and int(found[1]) == have
        if found is not None and found[3] not in ("*", str(self._remote.size)):
            is_ours = False
        new = answer.headers.get("ETag") or ""
        if not is_ours or (etag and new and new != etag):
            self._discard()
            raise DroppedError("the server sent a part of something else")

    def _receive(self, answer: Answer, file: BinaryIO, have: int) -> None:
        length = answer.headers.get("Content-Length") or ""
        announced = have + int(length) if length.isdigit() else -1
        since, at_since = time.monotonic(), have
        while have < self._remote.size or self._remote.size == 0:
            self._check()
            data = answer.read(_BLOCK)
            if not data:
                break
            if have + len(data) > self._remote.size:
                self._refuse()
                return
            file.write(data)
            have += len(data)
            # Only what had never been here: a server that knows no ranges and always breaks off
            # at the same byte would be asked without end.
            if have > self._furthest:
                self._furthest = have
                self._attempts.went_on()
            self._on_bytes(len(data))
            now = time.monotonic()
            if now - since >= self._stall_seconds:
                if have - at_since < _MIN_RATE * (now - since):
                    raise DroppedError("the server became too slow")
                since, at_since = now, have
        self._check()  # A connection that Cancel broke looks like an early end.
        if have < self._remote.size:
            if have == announced:
                # All that the server has: asking for more would never end.
                self._refuse()
                return
            raise DroppedError("the connection broke off")

    def _have(self) -> int:
        """Bytes that are there; -1 before the first."""
        return self._part.stat().st_size if self._part.exists() else -1

    def _refuse(self) -> None:
        """Delete what is not the file; once it is fetched again."""
        self._discard()
        self._wrong += 1
        if self._wrong == 2:
            raise NetworkError(
                f"{self._remote.path} was refused and deleted: twice its bytes were not those "
                "that the hub lists (wrong SHA-256).",
                "Try again later, or without the mirror and the proxy.",
            )

    def _discard(self) -> None:
        have = max(self._have(), 0)
        self.refetched += have
        self._on_bytes(-have)
        # Emptied, not only unlinked: it may be open.
        with contextlib.suppress(FileNotFoundError):
            os.truncate(self._part, 0)
            self._part.unlink()
        self._etag.unlink(missing_ok=True)


def etag_file(part: Path) -> Path:
    """Where the server's name for the version of a ``.part`` is kept."""
    return part.with_name(f"{part.name}.etag")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
