"""Blends: the layout of a mix of two parents, redrawn by seed diffusion with the patches of both."""

from catstudio.sources.base import Kind, Parameter, Source
from catstudio.sources.seed import SIZE, STRENGTH

SOURCE = Source(
    id="blend",
    title="Blend",
    summary="Two parents mixed into one: new points, with seams and ghosts.",
    icon="layers",
    is_real=False,
    entry="catstudio.engine.seed_diffusion:run_blend",
    min_seeds=2,
    note="Experimental: look at each result before you train on it.",
    parameters=(
        SIZE,
        Parameter(
            name="balance",
            title="Balance",
            kind=Kind.FLOAT,
            default=0.5,
            low=0.0,
            high=1.0,
            step=0.05,
            help="0 is the first parent, 1 the second. Photos of like pose blend best.",
        ),
        STRENGTH,
    ),
)
