"""Device, precision and memory plans follow from what a computer has; full memory is explained."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from catstudio.core.errors import BadInputError, OutOfMemoryError
from catstudio.engine import device as devices
from catstudio.engine.device import Device, MemoryPlan

GIB = 1024**3
GPU = Device("cuda", "Some GPU", torch.bfloat16, total=8 * GIB, free=8 * GIB)


def test_the_best_device_of_this_computer_is_chosen():
    best = devices.choose()
    assert best.kind == devices.available_kinds()[0]
    assert devices.available_kinds()[-1] == "cpu"
    assert 0 < best.free <= best.total
    assert best.torch_device.type == best.kind


def test_the_cpu_can_be_asked_for_and_what_is_missing_is_refused():
    cpu = devices.choose("cpu")
    assert (cpu.kind, cpu.dtype, cpu.dtype_name) == ("cpu", torch.float32, "float32")
    with pytest.raises(BadInputError, match="no device called 'abacus'") as refused:
        devices.choose("abacus")
    assert "cpu" in refused.value.hint


@pytest.mark.parametrize(
    ("kind", "bf16", "fp16", "dtype"),
    [
        ("cuda", True, True, torch.bfloat16),
        ("cuda", False, True, torch.float16),
        ("cuda", False, False, torch.float32),
        ("mps", True, True, torch.bfloat16),
        ("mps", False, True, torch.float16),
        ("xpu", True, True, torch.bfloat16),
        ("cpu", True, True, torch.float32),
    ],
)
def test_precision_follows_from_ability(kind, bf16, fp16, dtype):
    assert devices.precision(kind, bf16, fp16) is dtype


@pytest.mark.parametrize(
    ("free", "weights", "largest", "side", "plan"),
    [
        (8, 2, 1, 512, MemoryPlan()),
        (8, 7, 5, 512, MemoryPlan(vae_slicing=True, model_offload=True)),
        (8, 24, 12, 512, MemoryPlan(True, True, True, True)),
        (8, 2, 1, 2048, MemoryPlan(True, True, True, True)),
    ],
)
def test_memory_is_saved_only_when_it_is_short(free, weights, largest, side, plan):
    gpu = replace(GPU, free=free * GIB)
    assert devices.plan_memory(gpu, weights * GIB, largest * GIB, side * side) == plan


def test_a_cpu_never_offloads():
    cpu = Device("cpu", "CPU", torch.float32, total=GIB, free=GIB)
    assert devices.plan_memory(cpu, 8 * GIB, 4 * GIB, 512 * 512) == MemoryPlan(True, True, True)
    assert devices.smallest_plan("cpu") == MemoryPlan(True, True, True)


@given(
    st.integers(64, 4096), st.integers(64, 4096), st.integers(0, 1 << 50), st.integers(0, 1 << 40)
)
def test_the_smaller_size_is_smaller_and_in_steps_of_64(width, height, needed, available):
    small = devices.smaller_size(width, height, needed, available)
    if small != (0, 0):
        assert min(small) >= 64
        assert {side % 64 for side in small} == {0}
        assert small[0] * small[1] <= 0.5 * width * height


@pytest.mark.parametrize(
    ("message", "size"),
    [
        ("CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has ...", int(2.5 * GIB)),
        ("MPS backend out of memory (...). Tried to allocate 96.00 MB on private pool.", 96 << 20),
        ("can't allocate memory: you tried to allocate 123456 bytes. Error code 12", 123456),
        ("something else", 0),
    ],
)
def test_what_was_asked_for_is_read_from_the_message(message, size):
    assert devices._bytes_asked(message) == size


def test_memory_that_is_really_full_is_explained():
    cpu = devices.choose("cpu")
    with (
        pytest.raises(OutOfMemoryError, match="Tiny at 512 × 512 does not fit") as full,
        devices.explained_memory(cpu, "Tiny", 512, 512),
    ):
        torch.empty(1 << 50, dtype=torch.uint8)
    assert "no smaller size would fit" in full.value.hint
    with (
        pytest.raises(OutOfMemoryError, match="Tiny does not fit") as full,
        devices.explained_memory(cpu, "Tiny"),
    ):
        raise MemoryError
    assert "smaller model" in full.value.hint
    with (
        pytest.raises(OutOfMemoryError) as full,
        devices.explained_memory(cpu, "Tiny", 512, 512),
    ):
        raise torch.OutOfMemoryError("CUDA out of memory.")
    assert "320 × 320 should fit" in full.value.hint


def test_other_errors_pass_through():
    cpu = devices.choose("cpu")
    with pytest.raises(RuntimeError, match="shapes"), devices.explained_memory(cpu, "Tiny"):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    devices.empty_cache("cpu")
