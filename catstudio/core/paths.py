"""Where CatStudio keeps its own files on this computer, outside any project."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_APP = "CatStudio"


def _folder(kind: str, default: str) -> Path:
    home = os.environ.get("CATSTUDIO_HOME")
    folder = Path(home) / kind if home else Path(default)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def config_dir() -> Path:
    """Settings. ``CATSTUDIO_HOME`` moves all four folders below itself."""
    return _folder("config", platformdirs.user_config_dir(_APP, appauthor=False))


def data_dir() -> Path:
    """The model registry, and projects begun without choosing a folder."""
    return _folder("data", platformdirs.user_data_dir(_APP, appauthor=False))


def cache_dir() -> Path:
    """Exported backbones; may be deleted at any time."""
    return _folder("cache", platformdirs.user_cache_dir(_APP, appauthor=False))


def log_dir() -> Path:
    """Logs of the window and of the worker."""
    return _folder("logs", platformdirs.user_log_dir(_APP, appauthor=False))
