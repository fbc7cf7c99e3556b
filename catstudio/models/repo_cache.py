"""One repository in the shared cache of the Hugging Face libraries, so that they find it, too.

Layout (https://huggingface.co/docs/huggingface_hub/guides/manage-cache): ``blobs/`` holds
contents by hash, ``snapshots/COMMIT/`` links to them by name, ``refs/`` says what "main" is.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path

from catstudio.models.hub import hub_cache
from catstudio.models.transfer import RemoteFile, etag_file

_PART = ".part"


class RepoCache:
    """The folder of ``repo`` below ``cache`` (default: the shared one); made when first written."""

    def __init__(self, repo: str, cache: Path | None = None) -> None:
        self.repo = repo
        self.cache = cache or hub_cache()
        self.folder = self.cache / f"models--{repo.replace('/', '--')}"
        self._blobs = self.folder / "blobs"

    def blob(self, remote: RemoteFile) -> Path:
        """Where the content of a file lies."""
        return self._blobs / remote.blob

    def part(self, remote: RemoteFile) -> Path:
        """Where it grows while it is fetched."""
        return self._blobs / f"{remote.blob}{_PART}"

    def lock(self, remote: RemoteFile) -> Path:
        """The lock file that also the hub's own library takes for this content."""
        return self.cache / ".locks" / self.folder.name / f"{remote.blob}.lock"

    def snapshot(self, commit: str) -> Path:
        return self.folder / "snapshots" / commit

    def newest(self, revision: str = "main") -> Path | None:
        """The snapshot of ``revision`` (a commit, or "main"), else of "main"; None for neither."""
        if self.snapshot(revision).is_dir():
            return self.snapshot(revision)
        try:
            commit = (self.folder / "refs" / "main").read_text(encoding="utf-8").strip()
        except OSError:
            return None
        return self.snapshot(commit) if commit and self.snapshot(commit).is_dir() else None

    def has(self, remote: RemoteFile, commit: str) -> bool:
        """Is the content there, whole?"""
        places = (self.blob(remote), self.snapshot(commit) / remote.path)
        return any(p.is_file() and p.stat().st_size == remote.size for p in places)

    def parts_size(self) -> int:
        """Bytes of files that were begun and are not finished."""
        return sum(p.stat().st_size for p in self._parts())

    def begun(self) -> int:
        """Bytes on this computer of a download that is not finished; 0 for none and for a
        finished one."""
        parts = self.parts_size()
        if not parts and any(self.folder.glob("snapshots/*")):
            return 0
        blobs = (p for p in self._blobs.glob("*") if p.is_file() and "." not in p.name)
        return parts + sum(p.stat().st_size for p in blobs)

    def discard_parts(self) -> None:
        """Delete what was begun and not finished."""
        for part in self._parts():
            part.unlink(missing_ok=True)
            etag_file(part).unlink(missing_ok=True)
        if not any(self.folder.glob("snapshots/*")):
            # Finished files of a model that never became whole serve nobody.
            shutil.rmtree(self.folder, ignore_errors=True)

    def _parts(self) -> list[Path]:
        return list(self._blobs.glob(f"*{_PART}"))

    def land(self, remote: RemoteFile) -> None:
        """Make a finished part the content."""
        self.part(remote).replace(self.blob(remote))

    def finish(self, files: Iterable[RemoteFile], commit: str, revision: str) -> Path:
        """Link all files into the snapshot, then say that ``revision`` is ``commit``.

        Until here nobody takes the model for whole. A pinned commit also becomes "main" where
        there is no other: who asks for the model without a revision finds it.
        """
        snapshot = self.snapshot(commit)
        for remote in files:
            self._link(self.blob(remote), snapshot / remote.path)
        main = self.folder / "refs" / "main"
        if revision != commit:
            _write_ref(self.folder / "refs" / revision, commit)
        elif not main.exists():
            _write_ref(main, commit)
        return snapshot

    def _link(self, blob: Path, place: Path) -> None:
        if place.exists():
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)  # A link to what is gone.
        relative = os.path.relpath(blob, place.parent)
        try:
            place.symlink_to(relative)
        except FileExistsError:
            return  # Another program was faster.
        except (OSError, NotImplementedError):
            # Windows without developer mode, some network drives. The hub's library moves, too.
            shutil.move(blob, place)


def _write_ref(path: Path, commit: str) -> None:
    if path.is_file() and path.read_text(encoding="utf-8") == commit:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        temporary.write_text(commit, encoding="utf-8")
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
