"""Runs pretrained diffusion models by the diffusers library. Imports core, jobs, models; never Qt."""

from catstudio.engine.diffusion.job import generate
from catstudio.engine.diffusion.owner import PipelineOwner
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import GenerateRequest

_OWNER = PipelineOwner()


def run(request: GenerateRequest, context: JobContext) -> dict[str, object]:
    """Make images with the model that this worker keeps warm; see :func:`job.generate`."""
    return generate(request, context, _OWNER)


def drop() -> None:
    """Give back the memory of the model that is kept warm: something else needs it."""
    _OWNER.drop()


__all__ = ["PipelineOwner", "drop", "generate", "run"]
