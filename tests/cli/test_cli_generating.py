"""generate: what it makes, what it refuses, and what Ctrl-C and a killed worker leave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from catstudio.sources import SOURCES
from catstudio.studio import Studio
from tests.bad_files import bad_models, checkpoint

REPOSITORY = Path(__file__).resolve().parents[2]


def _generate(cli, project, method, *more, count=2, label="cat"):
    return cli("generate", project, "--method", method, "--label", label, "--count", count, *more)


def _start(project: Path, count: int) -> subprocess.Popen[str]:
    """generate, as a shell starts it: at the head of a process group of its own."""
    command = ["generate", project, "--method", "seed", "--label", "cat", "--count", count]
    return subprocess.Popen(
        [sys.executable, "-m", "catstudio", *map(str, command), "--size", "128", "--json"],
        cwd=project.parent,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _wait_for_images(project: Path, more_than: int) -> None:
    deadline = time.monotonic() + 90
    while len(list((project / "images").glob("*/*"))) <= more_than:
        assert time.monotonic() < deadline, "no image was made"
        time.sleep(0.02)


# -- copies: a weight, no file, no worker


def test_copies_are_a_weight(cli, filled):
    ran = _generate(cli, filled, "copy", "--json", count=30_000)
    assert ran.status == 0
    assert (ran.json["made"], ran.json["copies"], len(ran.json["ids"])) == (0, 30_000, 1)
    with Studio.open(filled) as studio:
        assert studio.image(ran.json["ids"][0]).weight == 30_000
        assert len(studio.images()) == 14


def test_copies_are_shared_evenly(cli, filled):
    ran = _generate(cli, filled, "copy", "--json", count=30, label="not-cat")
    with Studio.open(filled) as studio:
        weights = [image.weight for image in studio.images_by_id(ran.json["ids"])]
    assert sorted(weights) == [2] * 9 + [3] * 4
    too_few = _generate(cli, filled, "copy", count=5, label="not-cat")
    assert too_few.status == 3


def test_nothing_to_copy_is_not_possible_now(cli, project):
    ran = _generate(cli, project, "copy")
    assert ran.status == 4
    assert "Import" in ran.err


# -- what is refused, before any worker starts


@pytest.mark.parametrize(
    ("method", "option", "value", "word"),
    [
        ("seed", "--size", "9999", "9999"),
        ("seed", "--size", "wide", "wide"),
        ("seed", "--mode", "magic", "variation"),
        ("seed", "--prompt", "a cat", "prompt"),
        ("augment", "--strength", "-1", "-1"),
        ("augment", "--rotate", "20:10", "LOW:HIGH"),
        ("diffusers", "--prompt", "a {grey|black cat", "brace"),
        ("copy", "--strength", "1", "strength"),
    ],
)
def test_a_setting_that_cannot_be_is_named(cli, filled, method, option, value, word):
    ran = _generate(cli, filled, method, option, value)
    assert ran.status == 3
    assert word in ran.err


def test_a_count_that_cannot_be_is_named(cli, filled):
    assert _generate(cli, filled, "seed", count=0).status == 3
    assert _generate(cli, filled, "seed", count=-4).status == 3


def test_without_photos_it_says_what_is_needed(cli, project):
    ran = _generate(cli, project, "seed")
    assert ran.status == 4
    assert "cat" in ran.err


def test_a_brace_without_its_partner_is_named(cli, filled):
    ran = _generate(cli, filled, "diffusers", "--prompt", "a {grey|black cat")
    assert ran.status == 3
    assert "never closed at character 3" in ran.err


def test_seeds_that_nothing_matches_are_refused(cli, filled):
    assert _generate(cli, filled, "seed", "--seeds", "tag:none-such").status == 3


def test_every_setting_of_every_method_has_an_option(cli):
    text = cli("generate", "--help").out
    for maker in SOURCES.values():
        if maker.is_generator:
            assert maker.id in text
            for parameter in maker.parameters:
                flag = parameter.name.replace("num_inference_", "").replace("_", "-")
                assert f"--{flag}" in text


# -- the real worker


@pytest.mark.needs_engine
def test_images_are_made_and_wait_for_review(cli, filled):
    ran = _generate(cli, filled, "seed", "--size", "64", "--seed", "5", "--json")
    assert ran.status == 0
    assert (ran.json["made"], len(ran.json["ids"])) == (2, 2)
    assert ran.json["seconds"] > 0
    with Studio.open(filled) as studio:
        made = studio.images_by_id(ran.json["ids"])
        cats = [image.id for image in studio.images() if image.name == "chelsea.jpg"]
    assert {image.state for image in made} == {"pending"}
    assert all(image.is_synthetic and image.split is None for image in made)
    assert {parent.id for image in made for parent in image.provenance.parents} == set(cats)
    assert cli("review", filled, "--accept", "source:seed", "--json").json["changed"] == 2
    assert cli("verify", filled).status == 0


@pytest.mark.needs_engine
def test_models_that_cannot_be_used_are_named(cli, filled, tmp_path):
    bad_models(tmp_path)
    (tmp_path / "whole.safetensors").write_bytes(checkpoint())
    for model, status in (
        (tmp_path / "no-index", 3),
        (tmp_path / "old.ckpt", 3),
        (tmp_path / "whole.safetensors", 3),
        ("nobody/nothing", 4),
    ):
        ran = _generate(cli, filled, "diffusers", "--model", model, "--prompt", "a cat")
        assert ran.status == status, ran.err
        assert Path(model).name in ran.err


@pytest.mark.needs_engine
def test_ctrl_c_keeps_the_finished_images(cli, filled):
    """A terminal sends it to the whole group: command line and worker alike."""
    running = _start(filled, 500)
    _wait_for_images(filled, 14)
    worker = psutil.Process(running.pid).children()
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert '"made":' in out
    assert "Traceback" not in err
    assert psutil.wait_procs(worker, timeout=10)[1] == []
    checked = cli("verify", filled, "--json").json
    assert checked["ok"] is True
    assert checked["images"] > 14


@pytest.mark.needs_engine
def test_a_killed_worker_is_a_failed_job(cli, filled):
    running = _start(filled, 500)
    _wait_for_images(filled, 14)
    for worker in psutil.Process(running.pid).children():
        worker.kill()
    out, err = running.communicate(timeout=60)
    assert running.returncode == 5, err
    assert "WorkerDiedError" in out
    assert "kept" in err
    assert cli("verify", filled, "--json").json["ok"] is True


@pytest.mark.needs_engine
def test_more_like_an_image_and_ideas(cli, filled):
    with Studio.open(filled) as studio:
        id_ = next(image.id for image in studio.images() if image.label == "cat")
    made = cli("generate", filled, "--like", id_, "--count", "1", "--size", "64", "--json")
    assert made.status == 0 and made.json["made"] == 1
    with Studio.open(filled) as studio:
        image = studio.image(made.json["ids"][0])
        assert (image.label, image.source) == ("cat", "seed")
        assert [parent.id for parent in image.provenance.parents] == [id_]
    assert cli("generate", filled, "--count", "1").status == 2
    found = cli("ideas", filled, "--label", "cat", "--count", "3", "--json")
    assert found.status == 0
    assert len({idea["axis"] for idea in found.json["ideas"]}) == 3
    assert cli("ideas", filled, "--label", "dog").status == 3
