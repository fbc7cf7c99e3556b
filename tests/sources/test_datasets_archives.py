"""Archives that mean harm or are broken: each member named with the reason, the rest readable."""

from __future__ import annotations

import contextlib
import gzip
import io
import tarfile
import zipfile

import pytest

from catstudio.core.errors import BadInputError, CancelledError, ImageRefusedError
from catstudio.sources.datasets import archives, open_dataset
from tests.sources.data_sets import add_member, picture, tarred, two_classes, zipped

CAT = picture(1)


def reasons(dataset):
    """{last part of the name: the sentence}"""
    return {one.path.rpartition("/")[2]: one.message for one in dataset.refused}


def test_members_that_lead_outside_a_tar_are_named_and_the_rest_is_read(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        add_member(archive, "../evil.jpg", CAT)
        add_member(archive, "/etc/absolute.jpg", CAT)
        add_member(archive, "cat/../../up.jpg", CAT)
        add_member(archive, "C:\\drive.jpg", CAT)
        add_member(archive, "link.jpg", type=tarfile.SYMTYPE, linkname="/etc/passwd")
        add_member(archive, "hard.jpg", type=tarfile.LNKTYPE, linkname="cat/good.jpg")
        add_member(archive, "device.jpg", type=tarfile.CHRTYPE)
        add_member(archive, "pipe.jpg", type=tarfile.FIFOTYPE)
        add_member(archive, "cat/good.jpg", CAT)
    with open_dataset(tmp_path / "a.tar") as dataset:
        assert [item.name for item in dataset.items] == ["cat/good.jpg"]
        assert dataset.read(dataset.items[0]) == CAT
        found = reasons(dataset)
    for name in ("evil.jpg", "absolute.jpg", "up.jpg", "C:\\drive.jpg"):
        assert "leads out of the archive" in found[name]
    assert "is a link" in found["link.jpg"] and "is a link" in found["hard.jpg"]
    assert "is a device" in found["device.jpg"] and "is a device" in found["pipe.jpg"]


def test_members_that_lead_outside_a_zip_are_named_and_the_rest_is_read(tmp_path):
    path = zipped(tmp_path / "a.zip", {"../evil.jpg": CAT, "/abs.jpg": CAT, "cat/good.jpg": CAT})
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("link.jpg")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with open_dataset(path) as dataset:
        assert [item.name for item in dataset.items] == ["cat/good.jpg"]
        assert set(reasons(dataset)) == {"evil.jpg", "abs.jpg", "link.jpg"}


def test_a_zip_bomb_is_named_and_the_rest_is_read(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(2**21))
    members = {"cat/bomb.png": bytes(2**23), "nested.zip": inner.getvalue(), "cat/a.jpg": CAT}
    with open_dataset(zipped(tmp_path / "a.zip", members)) as dataset:
        assert [item.name for item in dataset.items] == ["cat/a.jpg"]
        assert dataset.read(dataset.items[0]) == CAT
        assert "times its size" in reasons(dataset)["bomb.png"]
        assert "archive inside the archive" in reasons(dataset)["nested.zip"]


def test_sizes_and_numbers_are_limited(tmp_path, monkeypatch):
    path = zipped(tmp_path / "a.zip", two_classes(3))
    size = max(map(len, two_classes(3).values()))
    monkeypatch.setattr(archives, "MAX_TOTAL_BYTES", 3 * size)
    with open_dataset(path) as dataset:
        assert 3 <= len(dataset.items) < 6
        assert any("more than fits" in one for one in reasons(dataset).values())
    monkeypatch.setattr(archives, "MAX_TOTAL_BYTES", 2**30)
    monkeypatch.setattr(archives, "MAX_MEMBERS", 4)
    with open_dataset(path) as dataset:
        assert len(dataset.items) == 4
        assert any("more than 4 files" in one for one in reasons(dataset).values())
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", size - 1)
    with open_dataset(path) as dataset:
        assert any("unpacks to" in one for one in reasons(dataset).values())


def test_a_zip_that_lies_about_a_size_gives_no_more_than_it_says(tmp_path):
    path = zipped(tmp_path / "a.zip", {"cat/a.jpg": CAT + bytes(2**22), "cat/b.jpg": CAT})
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + 24  # the first central record's uncompressed size
    data[at : at + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    with open_dataset(path) as dataset:
        with pytest.raises(ImageRefusedError, match=r"a\.jpg"):
            assert len(dataset.read(dataset.items[0])) > 1000
        assert dataset.read(dataset.items[1]) == CAT


def test_a_tar_that_unpacks_too_far_is_read_as_far_as_is_safe(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_FREE_UNPACKING", 2**20)
    members = {"cat/a.jpg": CAT, "cat/bomb.jpg": bytes(2**23), "cat/z.jpg": CAT}
    with open_dataset(tarred(tmp_path / "a.tgz", members, "w:gz")) as dataset:
        assert dataset.items[0].name == "cat/a.jpg"
        assert dataset.read(dataset.items[0]) == CAT
        assert "looks like a bomb" in reasons(dataset)["a.tgz"]


def test_a_long_header_does_not_fill_the_memory(tmp_path):
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 2**40
    path = tmp_path / "a.tar"
    good = tarfile.TarInfo("cat/a.jpg")
    good.size = len(CAT)
    path.write_bytes(good.tobuf() + CAT + bytes(-len(CAT) % 512) + info.tobuf() + bytes(1024))
    with open_dataset(path) as dataset:
        assert [item.name for item in dataset.items] == ["cat/a.jpg"]
        assert "a.tar" in reasons(dataset)


def test_archives_that_are_cut_short(tmp_path):
    whole = zipped(tmp_path / "whole.zip", two_classes(4)).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInputError, match=r"cut\.zip cannot be read"):
        open_dataset(tmp_path / "cut.zip")
    packed = tarred(tmp_path / "whole.tgz", two_classes(4), "w:gz").read_bytes()
    (tmp_path / "cut.tgz").write_bytes(packed[: len(packed) // 2])
    with open_dataset(tmp_path / "cut.tgz") as dataset:
        assert "cut short" in reasons(dataset)["cut.tgz"]
        sound = 0
        for item in dataset.items:
            with contextlib.suppress(ImageRefusedError):
                sound += bool(dataset.read(item))
        assert 1 <= sound < 8
    plain = tarred(tmp_path / "whole.tar", two_classes(4)).read_bytes()
    (tmp_path / "cut.tar").write_bytes(plain[: len(plain) // 3])
    with open_dataset(tmp_path / "cut.tar") as dataset:
        assert 1 <= len(dataset.items) < 8


def test_what_only_looks_like_an_archive(tmp_path):
    for name, data in (
        ("a.zip", b"PK\x03\x04 and no more"),
        ("a.tar.gz", gzip.compress(b"no tar")),
        ("b.tar.gz", b"\x1f\x8b\x08"),
        ("a.tar", b"not at all"),
        ("a.tar.zst", b"\x28\xb5\x2f\xfd...."),
        ("a.7z", b"7z\xbc\xaf\x27\x1c"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(BadInputError, match=name.replace(".", r"\.")):
            open_dataset(tmp_path / name)


def test_names_that_are_no_text_are_shown_with_question_marks(tmp_path):
    path = tarred(tmp_path / "a.tar", {"cat/\udcff.jpg": CAT})
    with open_dataset(path) as dataset:
        assert [item.name for item in dataset.items] == ["cat/?.jpg"]
        assert dataset.read(dataset.items[0]) == CAT


def test_opening_can_be_stopped(tmp_path):
    path = tarred(tmp_path / "a.tgz", two_classes(), "w:gz")

    def stop():
        raise CancelledError("Cancelled.")

    with pytest.raises(CancelledError):
        open_dataset(path, check=stop)
