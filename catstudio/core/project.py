"""The project folder: where everything of one data set lies, and who may write to it."""

from __future__ import annotations

import errno
from pathlib import Path

from filelock import FileLock, Timeout

from catstudio.core.errors import DamagedProjectError, NotPossibleError, ProjectError
from catstudio.core.files import READ_ONLY, explain_os_error

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
        try:
            if self.root.exists() and not self._is_free():
                raise ProjectError(
                    f"{self.root} already exists and is not empty.",
                    "Open it, or choose another name for the new project.",
                )
            self.database.unlink(missing_ok=True)
            for folder in (self.root, *self._folders):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            if error.errno in READ_ONLY:
                raise ProjectError(
                    f"{self.root} cannot be made: {self.root.parent} is read-only for you.",
                    "Choose another place for the project, or ask for permission to write there.",
                ) from error
            raise explain_os_error(error, str(self.root)) from error

    @property
    def _folders(self) -> tuple[Path, ...]:
        return self.images, self.cache, self.runs, self.trash

    def _is_free(self) -> bool:
        """Nothing there, or only what a creation that was killed at once leaves: empty folders."""
        if not self.root.is_dir():
            return False
        for path in self.root.iterdir():
            if path in self._folders:
                is_ours = path.is_dir() and not any(path.iterdir())
            else:
                is_ours = path.name.startswith(".") or (
                    path == self.database and path.is_file() and path.stat().st_size == 0
                )
            if not is_ours:
                return False
        return True

    def check(self) -> None:
        """Raise :class:`ProjectError` when this folder is not a project, or has lost its database."""
        try:
            is_there, has_database = self.root.exists(), self.database.is_file()
            has_copy = self.backup.is_file()
        except OSError as error:
            raise explain_os_error(error, str(self.root)) from error
        if not is_there:
            raise ProjectError(
                f"There is no project at {self.root}.",
                "Check the path, or begin one with “New project” (catstudio new).",
            )
        if not has_database and has_copy:
            raise DamagedProjectError(
                f"{self.root} has lost its project.sqlite, but a copy of it is there.",
                f"Run “catstudio verify --repair {self.root}” to bring it back.",
            )
        if not has_database:
            raise ProjectError(
                f"{self.root} is not a CatStudio project: it has no project.sqlite.",
                "Its photos are in its folder images: begin a new project and add them there."
                if self.images.is_dir()
                else "Choose a folder whose name ends in .catstudio.",
            )

    def staged(self) -> ProjectFolder:
        """The same folder with a database that is not in its place yet."""
        staged = ProjectFolder(self.root)
        staged.database = self.root / ".new-project.sqlite"
        for suffix in ("", "-wal", "-shm", "-journal"):
            staged.database.with_name(staged.database.name + suffix).unlink(missing_ok=True)
        return staged

    @property
    def was_cut_off(self) -> bool:
        """The last program that had the project open did not close it: its log is still there."""
        return self.database.with_name(f"{self.database.name}-wal").exists()

    def check_reachable(self) -> None:
        """Raise when the drive was taken away: what is written now would land under its mount."""
        if not self.database.exists():
            raise explain_os_error(OSError(errno.ENOENT, "it is not there"), str(self.root))

    def lock(self) -> None:
        """Take the project for this process. The system frees it if the process dies."""
        try:
            self._lock.acquire()
        except Timeout:
            raise NotPossibleError(
                f"{self.name} is open in another CatStudio.",
                "Close it there first; only one program writes a project at a time.",
            ) from None
        except NotImplementedError as error:
            raise ProjectError(
                f"{self.root} is on a drive that cannot keep a second program out.",
                "Copy the project to a drive of this computer.",
            ) from error
        except OSError as error:
            raise explain_os_error(error, str(self.root)) from error

    def unlock(self) -> None:
        self._lock.release()
