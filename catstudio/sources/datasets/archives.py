"""Zip and tar archives as files: members are read in place, nothing is unpacked onto the disk."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from catstudio.core.errors import BadInputError, ImageRefusedError
from catstudio.core.pixels import MAX_BYTES
from catstudio.core.wording import shown, size_text
from catstudio.sources.datasets.files import Files, is_inside
from catstudio.sources.importing import Dead

MAX_MEMBERS = 1_000_000
"""Members beyond this number are not looked at."""
MAX_MEMBER_BYTES = 256 * 2**20
"""The largest member that is unpacked, in bytes."""
MAX_TOTAL_BYTES = 256 * 2**30
"""The most that all members of one archive may unpack to, in bytes."""
MAX_RATIO = 200
"""A member over a MiB that unpacks to more than so many times its size is a bomb: pictures
compress by 50 at the very most, unless they are blank."""
_SMALL = 2**20
_STEP = 2**20
_FREE_UNPACKING = 2**30  # Below this a compressed tar is read whatever its ratio.
_ENDINGS = ".zip .tar .tgz .tbz .tbz2 .txz .tzst .gz .bz2 .xz .zst .7z .rar .tar.gz".split()
_BROKEN = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError,
    NotImplementedError, RuntimeError, ValueError, LookupError, OverflowError,
)  # fmt: skip
Check = Callable[[], None]
Raw = io.BufferedIOBase
Unpack = Callable[[Path], Raw]


def open_archive(path: Path, check: Check) -> Files | None:
    """The archive at ``path``; None when it is none, going by its first bytes.

    Raises :class:`BadInputError` when it is one that cannot be read at all, OSError when the
    file cannot be opened.
    """
    with path.open("rb") as file:
        head = file.read(512)
    try:
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return ZipFiles(path, check)
        unpack = _unpacker(head, path)
        if unpack is not None or head[257:262] == b"ustar" or path.suffix.lower() == ".tar":
            return TarFiles(path, unpack, check)
    except _BROKEN as error:
        raise BadInputError(
            f"{shown(path.name)} cannot be read: it is cut short, damaged, or no archive.",
            "Copy it again from where it came from.",
        ) from error
    return None


def is_archive_name(name: str) -> bool:
    """Does the name end like an archive?"""
    return name.lower().endswith(tuple(_ENDINGS))


def _unpacker(head: bytes, path: Path) -> Unpack | None:
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile
    if head.startswith(b"BZh"):
        return bz2.BZ2File
    if head.startswith(b"\xfd7zXZ\x00"):
        return lzma.LZMAFile
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        raise BadInputError(
            f"{shown(path.name)} is packed with Zstandard, which cannot be read here.",
            "Unpack it (zstd -d) and choose the tar or the folder.",
        )
    return None


class _Archive(Files):
    """What zip and tar have in common: which members are let in, and the reason for the others."""

    def __init__(self, path: Path) -> None:
        super().__init__(shown(path.name))
        self.path = path
        self._total = 0
        self._count = 0

    def path_of(self, name: str) -> None:  # noqa: ARG002 - nothing in an archive has one
        return None

    def _refuse(self, name: str, reason: str, hint: str) -> None:
        self.refused.append(Dead(shown(f"{self.title}/{name}"), f"{shown(name)} {reason}.", hint))

    def _admits(self, name: str, size: int, packed: int | None, kind: str = "") -> bool:
        """Is the member let in? ``kind`` says what it is when it is no plain file."""
        if not is_inside(name):
            self._refuse(name, "leads out of the archive", "It was left out, the rest was not.")
        elif kind:
            self._refuse(name, f"is {kind}, not a file", "It was left out, the rest was not.")
        elif size > MAX_MEMBER_BYTES:
            self._refuse(
                name, f"unpacks to {size_text(size)}", "It was not unpacked: it looks like a bomb."
            )
        elif packed is not None and size > _SMALL and size > MAX_RATIO * max(packed, 1):
            self._refuse(
                name,
                f"unpacks to {size // max(packed, 1):,} times its size ({size_text(size)})",
                "It was not unpacked: it looks like a bomb.",
            )
        elif is_archive_name(name):
            self._refuse(
                name, "is an archive inside the archive", "Unpack it, and choose it by itself."
            )
        else:
            self._total += size
            if self._total <= MAX_TOTAL_BYTES:
                return True
            self._refuse(name, "would unpack more than fits", "Split the archive.")
        return False

    def _is_full(self) -> bool:
        self._count += 1
        if self._count <= MAX_MEMBERS:
            return False
        self._refuse("", f"has more than {MAX_MEMBERS:,} files", "Split the archive.")
        return True

    def _damaged(self, name: str, error: Exception) -> ImageRefusedError:
        refusal = ImageRefusedError(
            f"{shown(name)} is damaged in {self.title}.", "Copy the archive again."
        )
        refusal.__cause__ = error
        return refusal


class ZipFiles(_Archive):
    """A zip archive; its members can be read in any order, by several threads."""

    def __init__(self, path: Path, check: Check) -> None:
        super().__init__(path)
        self._zip = zipfile.ZipFile(path)
        self._infos: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            if not self._count % 1000:
                check()
            if self._is_full():
                break
            if not info.is_dir() and self._admits(
                info.filename, info.file_size, info.compress_size, _zip_kind(info)
            ):
                self._infos[info.filename] = info
        self.names = list(self._infos)

    def read(self, name: str, limit: int = MAX_BYTES) -> bytes:
        info = self._infos.get(name)
        if info is None:
            raise ImageRefusedError(f"{shown(name)} is not in {self.title}.")
        limit = min(limit, MAX_MEMBER_BYTES)
        try:
            with self._zip.open(info) as member:
                data = member.read(limit + 1)
        except _BROKEN as error:
            raise self._damaged(name, error) from error
        if len(data) > limit:
            raise ImageRefusedError(f"{shown(name)} unpacks to over {size_text(limit)}.")
        return data

    def close(self) -> None:
        self._zip.close()


def _zip_kind(info: zipfile.ZipInfo) -> str:
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return "a link"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "a device"
    return "locked with a password" if info.flag_bits & 1 else ""


class TarFiles(_Archive):
    """A tar archive, compressed or not; read from front to back it is unpacked once."""

    def __init__(self, path: Path, unpack: Unpack | None, check: Check) -> None:
        super().__init__(path)
        self._lock = threading.Lock()
        packed = path.stat().st_size
        raw: Raw = unpack(path) if unpack else path.open("rb")
        most = max(_FREE_UNPACKING, MAX_RATIO * packed) if unpack else packed
        self._stream = _Stream(raw, most, check)
        self._infos: dict[str, tarfile.TarInfo] = {}
        try:
            self._tar = tarfile.open(fileobj=self._stream, mode="r:")  # noqa: SIM115
        except BaseException:
            raw.close()
            raise
        try:
            self._index(check)
        except _BROKEN as error:
            self._say_cut(error)
        except BaseException:
            self.close()
            raise
        self.names = list(self._infos)

    def _index(self, check: Check) -> None:
        while (info := self._tar.next()) is not None:
            if not self._count % 100:
                check()
            if self._is_full():
                return
            if not info.isdir() and self._admits(info.name, info.size, None, _tar_kind(info)):
                self._infos[info.name] = info

    def _say_cut(self, error: Exception) -> None:
        reason = str(error) if isinstance(error, _TooMuchError) else "is cut short or damaged"
        last = shown(next(reversed(self._infos), "its beginning"))
        self.refused.append(
            Dead(
                shown(str(self.path)),
                f"{self.title} {reason}: nothing after {last} was read.",
                "What came before it comes in. Copy the archive again for the rest.",
            )
        )

    def read(self, name: str, limit: int = MAX_BYTES) -> bytes:
        info = self._infos.get(name)
        if info is None:
            raise ImageRefusedError(f"{shown(name)} is not in {self.title}.")
        if info.size > limit:
            raise ImageRefusedError(f"{shown(name)} unpacks to over {size_text(limit)}.")
        try:
            with self._lock:
                self._stream.seek(info.offset_data)
                data = self._stream.read(info.size)
        except _BROKEN as error:
            raise self._damaged(name, error) from error
        if len(data) < info.size:
            raise ImageRefusedError(
                f"{shown(name)} is cut short in {self.title}.", "Copy the archive again."
            )
        return data

    def close(self) -> None:
        self._tar.close()
        self._stream.close()


def _tar_kind(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return "a link"
    if info.issparse():
        return "a sparse file"
    return "" if info.isreg() else "a device"


class _TooMuchError(OSError):
    """An archive unpacks to more than it can honestly hold."""


class _Stream(io.BufferedIOBase):
    """A file that says when it unpacks too much and can be stopped while it skips ahead."""

    def __init__(self, raw: Raw, most: int, check: Check) -> None:
        self._raw, self._most, self._check = raw, most, check

    def tell(self) -> int:
        return self._raw.tell()

    def read(self, size: int | None = -1, /) -> bytes:
        # Headers say how long the next part is; one that lies must not fill the memory.
        if size is None or not 0 <= size <= MAX_MEMBER_BYTES:
            raise _TooMuchError("has a part that is too long")
        data = self._raw.read(size)
        self._look()
        return data

    def seek(self, place: int, whence: int = io.SEEK_SET, /) -> int:
        here = self._raw.tell()
        while here + _STEP < place:
            here = self._raw.seek(here + _STEP)
            self._look()
        return self._raw.seek(place, whence)

    def _look(self) -> None:
        self._check()
        if self._raw.tell() > self._most:
            raise _TooMuchError(f"unpacks to over {size_text(self._most)}, which looks like a bomb")

    def close(self) -> None:
        self._raw.close()
        super().close()
