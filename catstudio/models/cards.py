"""What stands beside a model's weights: the licence in its card, the configuration of a single file."""

from __future__ import annotations

from pathlib import Path


def license_of(folder: Path) -> str:
    """The licence named in the front matter of the folder's README.md, "" if none is."""
    card = folder / "README.md"
    if not card.is_file():
        return ""
    lines = card.read_text(encoding="utf-8", errors="replace")[:8192].splitlines()
    if not lines or lines[0].strip() != "---":
        return ""
    found: dict[str, str] = {}
    for line in lines[1:]:
        if line.strip() == "---":
            break
        key, separator, value = line.partition(":")
        if separator and key in ("license", "license_name"):
            found[key] = value.strip().strip("\"'")
    # "license: other" is the hub's word for a licence that license_name names.
    return found.get("license_name") or found.get("license", "")


def config_beside(path: Path) -> Path | None:
    """The diffusers configuration folder for the single file ``path``: of its name, or its own."""
    for folder in (path.with_suffix(""), path.parent):
        if (folder / "model_index.json").is_file():
            return folder
    return None
