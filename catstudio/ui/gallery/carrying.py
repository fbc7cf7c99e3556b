"""Images on their way out of the window: dragged to a folder or another program, or copied."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QMimeData, QUrl

from catstudio.core.types import ImageRecord
from catstudio.studio import Studio

MOST_BYTES = 64 << 20
"""Up to here, copies with the files' own names are made on the spot; more would be felt."""
IDS = "application/x-catstudio-ids"
"""The MIME type that names the images within this window."""


class Carrier:
    """Makes what is carried out. Originals are never handed out under their own path while a
    copy is affordable: another program could write to it."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._folder: TemporaryDirectory[str] | None = None

    def mime(self, records: Sequence[ImageRecord]) -> QMimeData:
        """File addresses and ids of ``records``."""
        result = QMimeData()
        paths = self._paths(records)
        result.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        result.setData(IDS, "\n".join(record.id for record in records).encode())
        return result

    def close(self) -> None:
        """Remove the copies; may be called twice."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _paths(self, records: Sequence[ImageRecord]) -> list[Path]:
        originals = [self._studio.image_path(record) for record in records]
        there = [(p, r) for p, r in zip(originals, records, strict=True) if p.is_file()]
        if sum(path.stat().st_size for path, _ in there) > MOST_BYTES:
            return [path for path, _ in there]
        try:
            return self._copies(there)
        except OSError:
            return [path for path, _ in there]  # No room for copies: the stored files will do.

    def _copies(self, there: list[tuple[Path, ImageRecord]]) -> list[Path]:
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="catstudio-", ignore_cleanup_errors=True)
        copies: list[Path] = []
        for path, record in there:
            # One folder an image: two images may have the same name.
            target = Path(self._folder.name) / record.id[:8] / friendly_name(record, path.suffix)
            if not target.exists():
                target.parent.mkdir(exist_ok=True)
                shutil.copyfile(path, target)
            copies.append(target)
        return copies


def friendly_name(record: ImageRecord, suffix: str) -> str:
    """The name that the person knows, safe in any folder, with the stored file's ending."""
    stem = Path(record.name).stem.strip(". ") or "image"
    safe = "".join("_" if c in '<>:"/\\|?*' or ord(c) < 32 else c for c in stem)
    return safe[:120] + suffix
