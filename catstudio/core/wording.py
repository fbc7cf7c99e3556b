"""How durations, sizes and file names are said to people, the same in the window and at the command line."""

from __future__ import annotations

_UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def duration(seconds: float) -> str:
    """``8 s``, ``3 min``, ``2 h 5 min``."""
    whole = max(0, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def size_text(size: float) -> str:
    """``3.4 GB``: bytes in powers of ten, as disks and downloads are sold."""
    for unit, name in _UNITS:
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size:.0f} B"


def shown(name: str) -> str:
    """A file name that can be stored and printed: bytes in it that are no text become ``?``."""
    return name.encode("utf-8", "replace").decode()
