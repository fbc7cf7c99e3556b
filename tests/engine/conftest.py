"""Tiny diffusion models, made once for all tests of the engine."""

from __future__ import annotations

import gc
import warnings
from pathlib import Path

import pytest

from tests.engine.diffusion_jobs import FAMILIES


@pytest.fixture(scope="session")
def tiny_diffusion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one tiny saved model a family. For each there is ``FAMILY-controlnet``, and
    in ``FAMILY-loras`` are two LoRAs. Read only."""
    from tests.engine import tiny_models

    folder = tmp_path_factory.mktemp("models")
    # The library's own Flux ControlNet builds on a class that it calls deprecated.
    warnings.filterwarnings("ignore", "`FluxPosEmbed` is deprecated", FutureWarning)
    for family in FAMILIES:
        pipe = getattr(tiny_models, family)()
        pipe.save_pretrained(folder / family)
        tiny_models.controlnet(pipe).save_pretrained(folder / f"{family}-controlnet")
        loras = folder / f"{family}-loras"
        loras.mkdir()
        tiny_models.lora(pipe, loras, 0)
        tiny_models.lora(pipe, loras, 1, with_text=family != "flux")
    # Each change of a model collects garbage: not among the libraries, which stay.
    gc.collect()
    gc.freeze()
    return folder
