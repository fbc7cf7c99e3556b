"""The scheduler of a job: the model's own, or another that fits the model, for the time of a call."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import diffusers

from catstudio.core.errors import BadInputError
from catstudio.sources.schedulers import OWN, SCHEDULERS, fitting


def is_flow(scheduler: Any) -> bool:
    """Is it the scheduler of a flow-matching model, which predicts a velocity and not noise?"""
    config = getattr(scheduler, "config", {})
    return (
        type(scheduler).__name__.startswith("FlowMatch")
        or config.get("prediction_type") == "flow_prediction"
        or bool(config.get("use_flow_sigmas"))
    )


def check(choice: str, pipe: Any, model: str) -> None:
    """Raise :class:`BadInputError` when the scheduler ``choice`` does not fit ``pipe``."""
    own = pipe.scheduler
    if choice == OWN or choice in fitting(is_flow(own)):
        return
    fits = ", ".join(fitting(True))
    raise BadInputError(
        f"The scheduler {SCHEDULERS[choice].title} does not fit {model}, which is a flow-matching "
        "model.",
        f"Choose one of: {fits}.",
    )


def made(choice: str, own: Any) -> Any:
    """A scheduler of its own for the job, configured like ``own``: nothing of an earlier job is in it."""
    if choice == OWN:
        return type(own).from_config(own.config)
    wanted = SCHEDULERS[choice]
    kind: Any = getattr(diffusers, wanted.flow if is_flow(own) else wanted.diffusion)
    known = inspect.signature(kind.__init__).parameters
    # A setting that the class does not know would be kept and warned of.
    kept = {name: value for name, value in own.config.items() if name in known}
    return kind.from_config({**kept, **wanted.settings})


@contextmanager
def worn(pipe: Any, scheduler: Any) -> Iterator[None]:
    """``pipe`` runs by ``scheduler`` while the block does, and has its own again after it."""
    own = pipe.scheduler
    pipe.scheduler = scheduler
    try:
        yield
    finally:
        pipe.scheduler = own
