"""A faster engine for a diffusion model's parts on a CPU, chosen by measuring. Imports torch."""

from catstudio.engine.acceleration.accelerator import Accelerator, Engine
from catstudio.engine.acceleration.rule import Measured, Records

__all__ = ["Accelerator", "Engine", "Measured", "Records"]
