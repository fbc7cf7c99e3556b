"""Live examples by a real worker: shown, never kept, without a card, and gone when nobody looks."""

from __future__ import annotations

from pathlib import Path

import pytest

from catstudio.jobs.events import Queued
from catstudio.resources import resource
from catstudio.ui.add_data.asks import GenerateAsk
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.trials import WAITS, Trial, Trials

pytestmark = pytest.mark.needs_engine


@pytest.fixture
def trials(empty_bridge: StudioBridge) -> Trials:
    studio = empty_bridge.studio
    cat = next((Path(str(resource("examples"))) / "cat").glob("*.jpg"))
    studio.run(studio.import_request([cat], label="cat", split="train"))
    return Trials(empty_bridge, lambda made: str(made.params["seed"]), empty_bridge)


def ask(seed: int, count: int = 4) -> GenerateAsk:
    return GenerateAsk("augment", "cat", count, seed=seed, options={"size": 64})


def test_examples_are_shown_and_never_kept(
    empty_bridge: StudioBridge, trials: Trials, qtbot
) -> None:
    studio, cards = empty_bridge.studio, []
    empty_bridge.job_event.connect(lambda e: cards.append(e) if isinstance(e, Queued) else None)
    pictures: dict[int, Trial] = {}
    trials.made.connect(pictures.__setitem__)
    trials.want(ask(5))
    assert not trials.is_running  # Nobody looks yet.
    trials.watch(True)
    qtbot.waitUntil(lambda: len(pictures) == 4, timeout=60_000)
    assert [pictures[k].caption for k in range(4)] == ["5", "6", "7", "8"]
    assert all(one.image.width() == 64 for one in pictures.values())
    qtbot.waitUntil(lambda: not trials.is_running, timeout=10_000)
    assert len(studio.images()) == 1
    assert studio.undo_name() is not None and "add" in studio.undo_name().lower()
    assert not cards
    # Of several wishes in a row only the last is tried; looking away ends it.
    pictures.clear()
    for seed in (10, 20, 30):
        trials.want(ask(seed))
    qtbot.waitUntil(lambda: len(pictures) == 4, timeout=30_000)
    assert pictures[0].caption == "30"
    trials.want(ask(40, 500))
    qtbot.waitUntil(lambda: trials.is_running, timeout=10_000)
    trials.watch(False)
    qtbot.waitUntil(studio.is_idle, timeout=10_000)


def test_a_trial_gives_way_to_a_real_job_and_comes_after_it(
    empty_bridge: StudioBridge, trials: Trials, qtbot
) -> None:
    studio, said = empty_bridge.studio, []
    trials.said.connect(lambda words, _: said.append(words))
    trials.watch(True)
    trials.want(ask(1, 400))
    qtbot.waitUntil(lambda: trials.is_running, timeout=60_000)
    begun = []
    trials.began.connect(begun.append)
    real = studio.generate_request("augment", "cat", 200, options={"size": 64})
    empty_bridge.submit(real)
    qtbot.waitUntil(lambda: WAITS in said, timeout=10_000)
    assert len(studio.images()) < 201, "the trial did not make the job wait for its end"
    trials.want(ask(2, 2))
    qtbot.waitUntil(lambda: begun == [2], timeout=30_000)
    qtbot.waitUntil(studio.is_idle, timeout=10_000)
    assert len(studio.images()) == 201


def test_what_cannot_be_tried_is_said(trials: Trials, qtbot) -> None:
    trials.watch(True)
    with qtbot.waitSignal(trials.said, timeout=10_000) as said:
        trials.want(GenerateAsk("blend", "cat", 4, options={}))
    assert said.args[1] is True and "needs 2 photos" in said.args[0]
