"""Augmentation: flips, crops, colour and blur of images that are there."""

from catstudio.sources.base import Kind, Parameter, Source

SOURCE = Source(
    id="augment",
    title="Augment",
    summary="Flip, crop, turn and recolour what you have: cheap, and close to its parent.",
    icon="adjustments",
    is_real=False,
    entry="catstudio.engine.augment:run",
    min_seeds=1,
    parameters=(
        Parameter(
            name="strength",
            title="Strength",
            kind=Kind.FLOAT,
            default=0.5,
            low=0.0,
            high=1.0,
            step=0.05,
            help="0 changes almost nothing, 1 crops and recolours hard.",
        ),
        Parameter(
            name="size",
            title="Size",
            kind=Kind.INT,
            default=256,
            low=64,
            high=1024,
            step=64,
            unit="px",
        ),
    ),
)
