"""Files that the program reads at run time: icons, the model catalogue, example photos.

They lie in ``resources/`` beside the package in a checkout, and inside it in a wheel.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """The file or folder called ``name`` (with ``/`` between its parts) among the resources.

    Raises
    ------
    FileNotFoundError
        When the installation lacks it: a broken build, not something a person did.
    """
    for root in (_PACKAGE / "resources", _PACKAGE.parent / "resources"):
        path = root / name
        if path.exists():
            return path
    raise FileNotFoundError(f"CatStudio's resource {name!r} is missing from {_PACKAGE}")
