"""What the window remembers between starts: typed values in one versioned JSON file."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from catstudio.core.files import write_atomic
from catstudio.core.paths import config_dir

VERSION = 1
MAX_RECENT = 12
MAX_PROMPTS = 100
THEMES = ("system", "light", "dark")

_log = logging.getLogger(__name__)


class RecentProject(Struct, frozen=True):
    """A project opened before: its folder, when (ISO 8601, UTC), and a thumbnail file or ""."""

    path: str
    opened: str
    picture: str = ""

    @property
    def name(self) -> str:
        return Path(self.path).name.removesuffix(".catstudio")


class Settings(Struct, kw_only=True):
    """All values, with their defaults. ``geometry`` is Qt's own, base64.

    ``splitter`` are the widths of panel, centre and inspector in pixels. ``zoom`` is the
    gallery's cell size in pixels, 0 for its own default. ``options`` are the last values of
    each source's parameters, by source id.
    """

    version: int = VERSION
    theme: str = "system"
    geometry: str = ""
    splitter: list[int] = []
    zoom: int = 0
    shows_panel: bool = True
    shows_inspector: bool = True
    last_project: str = ""
    recent: list[RecentProject] = []
    prompts: list[str] = []
    negative_prompts: list[str] = []
    source: str = "photo"
    options: dict[str, dict[str, Any]] = {}

    def remember_project(self, path: Path, picture: str = "") -> None:
        """Put ``path`` first among the recent projects; keeps its picture if none is given."""
        text = str(path)
        known = next((one for one in self.recent if one.path == text), None)
        entry = RecentProject(
            path=text,
            opened=datetime.now(UTC).isoformat(timespec="seconds"),
            picture=picture or (known.picture if known else ""),
        )
        self.recent = [entry, *(one for one in self.recent if one.path != text)][:MAX_RECENT]
        self.last_project = text

    def forget_project(self, path: str) -> None:
        """Take a project out of the list; its folder is not touched."""
        self.recent = [one for one in self.recent if one.path != path]
        if self.last_project == path:
            self.last_project = ""

    def remember_prompt(self, prompt: str, is_negative: bool = False) -> None:
        """Put ``prompt`` last in its history, once. An empty prompt is not remembered."""
        text = prompt.strip()
        if not text:
            return
        history = self.negative_prompts if is_negative else self.prompts
        kept = [*(one for one in history if one != text), text][-MAX_PROMPTS:]
        if is_negative:
            self.negative_prompts = kept
        else:
            self.prompts = kept


class SettingsFile:
    """Reads and writes the settings.

    Parameters
    ----------
    path : the file; default ``settings.json`` in the configuration folder of this user.

    Attributes
    ----------
    values : change them in place, then :meth:`save`.
    problem : a sentence when the file could not be read; the damaged file is kept beside it.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or config_dir() / "settings.json"
        self.problem = ""
        self._is_newer = False
        self.values = self._read()

    def save(self) -> None:
        """Write the file: a kill leaves the old settings or the new.

        A full disk or a read-only folder is logged: settings never stop the work. A file that
        a newer version wrote is left as it is.
        """
        if self._is_newer:
            return
        try:
            write_atomic(self.path, msgspec.json.format(msgspec.json.encode(self.values)))
        except OSError as error:
            _log.warning("settings cannot be written: %s", error)

    def _read(self) -> Settings:
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return Settings()
        except OSError as error:
            self.problem = f"The settings could not be read: {error.strerror or error}."
            return Settings()
        try:
            values = msgspec.json.decode(raw, type=Settings)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            _log.warning("settings are damaged: %s", error)
            kept = self.path.with_suffix(".damaged.json")
            try:
                self.path.replace(kept)
            except OSError:
                kept = self.path
            self.problem = f"The settings were damaged and start afresh; the old file is {kept}."
            return Settings()
        self._is_newer = values.version > VERSION
        if values.theme not in THEMES:
            values.theme = "system"
        return values
