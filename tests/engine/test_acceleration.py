"""The faster engine: the same image as torch's, chosen by measuring, gone after the job."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from catstudio.core.errors import NotPossibleError
from catstudio.engine.acceleration import Accelerator, Engine, Measured, Records
from catstudio.engine.acceleration.compiled import Bound, library
from catstudio.engine.acceleration.rule import MIN_GAIN, is_worth_measuring
from tests.engine import tiny_models

pytestmark = [
    pytest.mark.skipif(not Accelerator.is_available(), reason="openvino is not installed"),
    pytest.mark.filterwarnings(
        "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
    ),
]


@pytest.fixture(scope="module", params=("stable_diffusion", "flux"))
def pipe(request: pytest.FixtureRequest) -> Any:
    pipe = getattr(tiny_models, request.param)()
    pipe.set_progress_bar_config(disable=True)
    return pipe


def image(pipe: Any) -> np.ndarray:
    found = pipe(
        prompt="a cat",
        width=32,
        height=32,
        num_inference_steps=2,
        generator=torch.Generator().manual_seed(1),
        output_type="np",
    )
    return found.images[0]


def test_it_makes_the_same_image_and_leaves_no_trace(pipe: Any, tmp_path: Path) -> None:
    plain = image(pipe)
    accelerator, said = Accelerator(tmp_path), []
    with accelerator.running(pipe, Engine.OPENVINO, 2, said.append) as used:
        fast = image(pipe)
        again = image(pipe)
    assert used() == "openvino"
    assert said
    assert np.abs(fast - plain).max() < 2 / 255
    assert (fast == again).all()
    assert (image(pipe) == plain).all()
    assert "forward" not in (getattr(pipe, "unet", None) or pipe.transformer).__dict__
    said.clear()
    with accelerator.running(pipe, Engine.OPENVINO, 2, said.append):
        assert (image(pipe) == fast).all()
    assert not said  # The compiled parts were kept.


class Net(torch.nn.Module):
    """As large as a denoiser needs to be for the rule, and no larger."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.SiLU(), torch.nn.Conv2d(8, 3, 3)
        )

    def forward(self, x: torch.Tensor, return_dict: bool = True) -> Any:
        found = self.layers(x)
        return found if return_dict else (found,)


class Pipe:
    """What an accelerator asks of a pipeline."""

    device = torch.device("cpu")

    def __init__(self, unet: torch.nn.Module) -> None:
        self.unet = unet


def test_auto_measures_once_and_keeps_to_its_verdict(tmp_path: Path) -> None:
    pipe, x = Pipe(Net()), torch.ones(1, 3, 32, 32)
    plain = pipe.unet(x, return_dict=False)[0]
    with Accelerator(tmp_path).running(pipe, Engine.AUTO, 2, lambda _: None) as used:
        assert (pipe.unet(x, return_dict=False)[0] == plain).all()
    assert used() == "torch"  # Two calls do not earn the preparation back.
    with Accelerator(tmp_path).running(pipe, Engine.AUTO, 10**9, lambda _: None) as used:
        first = pipe.unet(x, return_dict=False)[0]
    engine = used()
    assert torch.allclose(first, plain, atol=1e-4)
    measured = (tmp_path / "measured.json").read_bytes()
    assert b'"other":0.' in measured
    # Another process, a small job: the same engine, so the same bytes.
    with Accelerator(tmp_path).running(pipe, Engine.AUTO, 2, lambda _: None) as used:
        assert (pipe.unet(x, return_dict=False)[0] == first).all()
    assert used() == engine
    assert (tmp_path / "measured.json").read_bytes() == measured


def test_a_module_with_a_forward_of_its_own_is_left_alone(tmp_path: Path) -> None:
    pipe, x = Pipe(Net()), torch.ones(1, 3, 8, 8)
    pipe.unet.forward = lambda *_, **__: "hooked"
    with Accelerator(tmp_path).running(pipe, Engine.OPENVINO, 1, lambda _: None) as used:
        assert pipe.unet(x) == "hooked"
    assert used() == "torch"
    assert pipe.unet(x) == "hooked"


def test_what_cannot_be_traced_goes_on_with_torch(tmp_path: Path) -> None:
    class Odd(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.weight * torch.linalg.eigvals(x).real.sort().values

    pipe, x = Pipe(Odd()), torch.diag(torch.tensor([3.0, 1.0, 2.0]))
    with Accelerator(tmp_path).running(pipe, Engine.OPENVINO, 1, lambda _: None) as used:
        assert pipe.unet(x).tolist() == [1.0, 2.0, 3.0]
    assert used() == "torch"


def test_a_controlnets_residuals_are_not_lost() -> None:
    def forward(sample: Any, timestep: Any, residuals: Any = None, cond: Any = None) -> None: ...

    x = torch.zeros(1)
    assert Bound(forward, (x, x), {"cond": {"time_ids": x}}).is_plain
    assert Bound(forward, (x,), {"timestep": x, "cond": {}, "residuals": None}).is_plain
    assert not Bound(forward, (x, x), {"residuals": (x, x)}).is_plain


def test_it_says_when_it_is_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Accelerator, "is_available", staticmethod(lambda: False))
    accelerator = Accelerator(tmp_path)
    with (
        pytest.raises(NotPossibleError, match="not installed"),
        accelerator.running(None, Engine.OPENVINO, 1, lambda _: None),
    ):
        pass
    with accelerator.running(None, Engine.AUTO, 1, lambda _: None) as used:
        assert used() == "torch"


@given(st.floats(0, 1e4), st.integers(0, 10**6), st.integers(0, 2**40))
def test_more_work_is_never_less_worth(seconds: float, calls: int, size: int) -> None:
    if is_worth_measuring(seconds, calls, size):
        assert is_worth_measuring(seconds, calls + 1, size)
        assert is_worth_measuring(seconds * 2, calls, size)


def test_the_gain_must_be_clear() -> None:
    assert Measured(MIN_GAIN * 1.01, 1.0).is_faster
    assert not Measured(MIN_GAIN * 0.99, 1.0).is_faster
    assert not Measured(1.0).is_faster


@given(st.binary(max_size=60))
def test_damaged_records_are_measured_again(tmp_path_factory: Any, junk: bytes) -> None:
    path = tmp_path_factory.mktemp("records") / "measured.json"
    path.write_bytes(junk)
    records = Records(path)
    records.get("x")
    records.put("x", Measured(1.0, 0.5))
    assert Records(path).get("x") == Measured(1.0, 0.5)


def test_nothing_is_reported_to_anybody(tmp_path: Path) -> None:
    """Converting a model sends usage data by default; here the sender cannot even be loaded."""
    with Accelerator(tmp_path).running(None, Engine.TORCH, 1, lambda _: None):
        pass
    library()
    with pytest.raises(ImportError):
        importlib.import_module("openvino_telemetry")
