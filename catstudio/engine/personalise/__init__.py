"""Trains LoRA adapters and word embeddings on a label's photos. Imports core, jobs, models, diffusion; never Qt."""

from catstudio.engine.personalise.job import personalise as run

__all__ = ["run"]
