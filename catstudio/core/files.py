"""Files that land whole or not at all: written beside, flushed, renamed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import uuid
from pathlib import Path

from catstudio.core.errors import CatStudioError, ProjectError

TEMPORARY_PREFIX = ".part-"
READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
"""What the system says where nothing may be written."""


def sha256(data: bytes) -> str:
    """The hexadecimal SHA-256 of ``data``, 64 characters."""
    return hashlib.sha256(data).hexdigest()


def write_atomic(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write ``data`` so that ``path`` holds either its old content or all of the new.

    ``durable`` also flushes file and folder to the disk, so that a power cut right after the
    call loses nothing; leave it off for what can be made again (thumbnails).
    """
    is_new_folder = not path.parent.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not mkstemp: its files are the owner's alone, and a project is shared by a team.
    temporary = path.parent / f"{TEMPORARY_PREFIX}{uuid.uuid4().hex}"
    try:
        with temporary.open("xb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        # An unplugged drive cannot be tidied either; what went wrong first is what to say.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    if durable:
        _flush_folder(path.parent)
        if is_new_folder:
            _flush_folder(path.parent.parent)


def _flush_folder(folder: Path) -> None:
    # Only POSIX lets a folder be opened and flushed; elsewhere the rename is as safe as it gets.
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network and user-space file systems cannot flush a folder at all.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF):
            raise
    finally:
        os.close(handle)


def explain_os_error(error: OSError, what: str) -> CatStudioError:
    """A sentence for a person instead of an errno: full disk, read-only folder, unplugged drive."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return CatStudioError(
            f"The disk is full: {what} could not be written.",
            "Free some space and try again; everything saved before is safe.",
        )
    if error.errno in READ_ONLY:
        return ProjectError(
            f"{what} cannot be written: the folder is read-only for you.",
            "Copy the project to a folder of your own, or ask for permission to write there.",
        )
    if error.errno in (errno.ENOENT, errno.ENODEV, errno.EIO, errno.ESTALE):
        return CatStudioError(
            f"{what} cannot be reached: {error.strerror}.",
            "Plug the drive back in, reconnect the network folder or put back what was moved, "
            "then try again.",
        )
    return CatStudioError(f"{what}: {error.strerror or error}.", "Check the folder and try again.")
