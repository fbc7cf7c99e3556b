"""The files that the program needs at run time are found, and say where they come from."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from catstudio.resources import resource


def test_finds_icon_and_photos():
    assert resource("icons/catstudio.svg").read_text().startswith("<svg")
    with Image.open(resource("icons/catstudio.png")) as icon:
        assert icon.size == (256, 256)
    assert (resource("examples") / "cat" / "chelsea.jpg").is_file()


def test_a_missing_resource_is_named():
    with pytest.raises(FileNotFoundError, match="no-such-thing"):
        resource("no-such-thing")


def test_every_example_photo_has_its_licence():
    folder: Path = resource("examples")
    licences = (folder / "LICENSES.md").read_text(encoding="utf-8")
    photos = sorted(folder.glob("*/*.jpg"))
    assert len(photos) >= 10
    for photo in photos:
        assert f"`{photo.relative_to(folder).as_posix()}`" in licences
        with Image.open(photo) as image:
            assert max(image.size) <= 512
    assert sum(photo.stat().st_size for photo in photos) < 1_000_000
