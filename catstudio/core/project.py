"""The project folder: where everything of one data set lies, and who may write to it."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout

from catstudio.core.errors import NotPossibleError, ProjectError
from catstudio.core.files import explain_os_error

SUFFIX = ".catstudio"
EXTENSIONS = {
    "JPEG": ".jpg",
    "PNG": ".png",
    "WEBP": ".webp",
    "BMP": ".bmp",
    "GIF": ".gif",
    "TIFF": ".tif",
    "HEIF": ".heic",
    "AVIF": ".avif",
}


class ProjectFolder:
    """Paths inside one project folder, and the lock of the process that holds it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.database = root / "project.sqlite"
        self.backup = root / "project.sqlite.backup"
        self.images = root / "images"
        self.cache = root / "cache"
        self.runs = root / "runs"
        self.trash = root / "trash"
        # The window opens and closes projects on different threads.
        self._lock = FileLock(root / ".lock", timeout=0, thread_local=False)

    @property
    def name(self) -> str:
        return self.root.name.removesuffix(SUFFIX)

    @property
    def embeddings(self) -> Path:
        return self.cache / "embeddings.sqlite"

    def image_path(self, sha256: str, format_: str) -> Path:
        """Where the original bytes lie: named by their hash, never rewritten."""
        return self.images / sha256[:2] / f"{sha256}{EXTENSIONS.get(format_, '.img')}"

    def run_folder(self, number: int) -> Path:
        return self.runs / f"{number:04d}"

    def create(self) -> None:
        """Make the empty folders. Raises :class:`ProjectError` when something is there already."""
        if self.root.exists() and (not self.root.is_dir() or any(self.root.iterdir())):
            raise ProjectError(
                f"{self.root} already exists and is not empty.",
                "Open it, or choose another name for the new project.",
            )
        try:
            for folder in (self.root, self.images, self.cache, self.runs, self.trash):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise explain_os_error(error, str(self.root)) from error

    def check(self) -> None:
        """Raise :class:`ProjectError` when this folder is not a project."""
        if not self.root.exists():
            raise ProjectError(
                f"There is no project at {self.root}.",
                "Check the path, or begin one with “New project” (catstudio new).",
            )
        if not self.database.exists():
            raise ProjectError(
                f"{self.root} is not a CatStudio project: it has no project.sqlite.",
                "Choose a folder whose name ends in .catstudio.",
            )

    def lock(self) -> None:
        """Take the project for this process. The system frees it if the process dies."""
        try:
            self._lock.acquire()
        except Timeout:
            raise NotPossibleError(
                f"{self.name} is open in another CatStudio.",
                "Close it there first; only one program writes a project at a time.",
            ) from None
        except OSError as error:
            raise explain_os_error(error, str(self.root)) from error

    def unlock(self) -> None:
        self._lock.release()
