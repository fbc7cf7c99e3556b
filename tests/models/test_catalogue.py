"""The catalogue is complete and says what a licence allows; what is whole here is known, checked, deleted."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from catstudio.core.errors import ModelFileError, NotPossibleError
from catstudio.models import ModelRegistry
from catstudio.models.catalogue import KIND_TITLES, SPEED_WORDS, catalogue, read_catalogue, wanted
from catstudio.models.installed import delete, folder_of, verify
from catstudio.models.listing import Listing, choose
from catstudio.models.repo_cache import RepoCache
from catstudio.models.transfer import RemoteFile

SOUND = """
[licenses.mit]
title = "MIT"
url = "https://x.example"
may_train = "Yes."
may_sell = "Yes."
[[models]]
id = "a"
title = "A"
kind = "lora"
repo = "o/a"
revision = "main"
files = ["a.safetensors"]
size = 1
memory_cpu = 1
memory_gpu = 1
native_size = 1
family = "sdxl"
license = "mit"
speed = "seconds"
good_for = "Tests."
"""


def test_every_entry_is_complete():
    found = catalogue()
    assert len(found.models) >= 25
    assert len({entry.id for entry in found.models}) == len(found.models)
    kinds = {entry.kind for entry in found.models}
    assert {"text-to-image", "inpaint", "controlnet", "lora", "tiny-decoder", "segmentation",
            "backbone"} == kinds  # fmt: skip
    for entry in found.models:
        words = found.license_of(entry)
        for sentence in (words.may_train, words.may_sell, entry.good_for):
            assert sentence.endswith(".") and sentence[0].isupper()
        assert entry.kind in KIND_TITLES and entry.speed in SPEED_WORDS
        assert words.url.startswith("https://")
        assert entry.is_built_in or entry.revision == "main" or entry.is_pinned
        assert 1_000_000 < entry.size < 100_000_000_000
        assert not any(file.endswith((".bin", ".ckpt", ".pt")) for file in entry.files)
        if not entry.is_built_in:
            assert wanted(entry.id).repo == wanted(entry.repo).repo == entry.repo


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('license = "mit"', 'license = "none"'),
        ('may_sell = "Yes."', 'may_sell = ""'),
        ('good_for = "Tests."', ""),
        ('kind = "lora"', 'kind = "song"'),
        ('repo = "o/a"', ""),
        ('repo = "o/a"', 'repo = "../../etc"'),
        ('files = ["a.safetensors"]', ""),
        ("size = 1", "size = 0"),
        ('revision = "main"', ""),
        ('id = "a"', 'id = "a"\nnonsense = 1'),
        ("[[models]]", "[[models"),
    ],
)
def test_an_incomplete_entry_is_refused(tmp_path, before, after):
    path = tmp_path / "models.toml"
    path.write_text(SOUND)
    assert read_catalogue(path).find("o/a") is not None
    path.write_text(SOUND.replace(before, after, 1))
    with pytest.raises(ModelFileError, match="catalogue"):
        read_catalogue(path)


def test_an_entry_that_is_there_twice_is_refused(tmp_path):
    path = tmp_path / "models.toml"
    path.write_text(SOUND + SOUND[SOUND.index("[[models]]") :])
    with pytest.raises(ModelFileError, match="twice"):
        read_catalogue(path)


def test_what_is_built_in_and_what_is_unknown_is_not_downloaded():
    with pytest.raises(NotPossibleError, match="comes with CatStudio"):
        wanted("efficientnet-lite2")
    with pytest.raises(NotPossibleError, match="no model called 'nonsense'"):
        wanted("nonsense")


def test_half_precision_is_taken_where_there_is():
    names = [
        "model_index.json", "README.md", "LICENSE.md", "picture.png", "model.safetensors",
        "unet/config.json", "unet/w.safetensors", "unet/w.fp16.safetensors",
        "unet/w.non_ema.safetensors", "unet/w.bin",
        "text/config.json", "text/m-00001-of-00002.safetensors",
        "text/m-00002-of-00002.safetensors", "text/m.safetensors.index.json",
        "text/m.fp16-00001-of-00001.safetensors", "text/m.safetensors.index.fp16.json",
        "vae/config.json", "vae/w.safetensors", "other/w.safetensors",
        "tokenizer/vocab.json", "tokenizer/merges.txt",
    ]  # fmt: skip
    index = {
        "_class_name": "StableDiffusionPipeline",
        "unet": ["diffusers", "UNet2DConditionModel"],
        "text": ["transformers", "CLIPTextModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "safety_checker": [None, None],
    }
    files = tuple(RemoteFile(name, 1, "0" * 40) for name in names)
    taken = {one.path for one in choose(Listing("o/n", "0" * 40, files), (), index)}
    assert taken == {
        "model_index.json", "README.md", "LICENSE.md", "unet/config.json",
        "unet/w.fp16.safetensors", "text/config.json", "text/m.fp16-00001-of-00001.safetensors",
        "text/m.safetensors.index.fp16.json", "vae/config.json", "vae/w.safetensors",
        "tokenizer/vocab.json", "tokenizer/merges.txt",
    }  # fmt: skip
    pickled = tuple(f for f in files if not f.path.startswith("unet/w.") or ".bin" in f.path)
    with pytest.raises(NotPossibleError, match="unet only as a pickled file"):
        choose(Listing("o/n", "0" * 40, pickled), (), index)


@pytest.fixture
def taesd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """TAESD's files (not its bytes) in a cache of the test's own."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    entry = catalogue().find("taesd")
    assert entry is not None
    cache = RepoCache(entry.repo)
    remotes = []
    for name in entry.files:
        data = name.encode()
        remote = RemoteFile(name, len(data), "0" * 40, hashlib.sha256(data).hexdigest())
        cache.part(remote).parent.mkdir(parents=True, exist_ok=True)
        cache.part(remote).write_bytes(data)
        cache.land(remote)
        remotes.append(remote)
    assert folder_of(entry) is None
    return cache.finish(remotes, entry.revision, entry.revision)


def test_what_is_whole_is_here_and_listed(taesd, tmp_path):
    entry = catalogue().find("taesd")
    assert folder_of(entry) == taesd
    (listed,) = ModelRegistry(tmp_path / "registry").list()
    assert (listed.id, listed.kind, listed.path) == ("taesd", "tiny-decoder", str(taesd))
    (taesd / "config.json").resolve().unlink()
    assert folder_of(entry) is None


def test_changed_bytes_are_found_and_a_model_is_deleted(taesd):
    told: list[tuple[int, int]] = []
    sound = verify("taesd", lambda: None, lambda *at: told.append(at))
    assert (sound.files, sound.problems) == (2, ()) and told[-1] == (sound.size, sound.size)
    (taesd / "config.json").resolve().write_bytes(b"config.jsoN")
    (problem,) = verify("madebyollin/taesd", lambda: None, lambda *_: None).problems
    assert problem.startswith("config.json has other bytes")
    repo, freed = delete("taesd")
    assert (repo, freed) == ("madebyollin/taesd", sound.size)
    for missing in (delete, lambda id_: verify(id_, lambda: None, lambda *_: None)):
        with pytest.raises(NotPossibleError, match="not in the cache"):
            missing("taesd")
