"""Seed diffusion: the embedded generator; no weights, no download, from one photo up."""

from catstudio.sources.base import Kind, Parameter, Source

SIZE = Parameter(
    name="size", title="Size", kind=Kind.INT, default=128, low=64, high=256, step=64, unit="px"
)
VARIETY = Parameter(
    name="variety",
    title="Variety",
    kind=Kind.FLOAT,
    default=0.5,
    low=0.0,
    high=1.0,
    step=0.05,
    help="How far framing, light, shape and surroundings move away from the seed photo.",
)
STRENGTH = Parameter(
    name="strength",
    title="Strength",
    kind=Kind.FLOAT,
    default=0.6,
    low=0.1,
    high=4.0,
    step=0.1,
    help="Starting noise. Below 1 it repairs texture; from 1 to 2 it invents details.",
    is_advanced=True,
)

SOURCE = Source(
    id="seed",
    title="Seed diffusion",
    summary="Close relatives of your own photos, made on this computer without any model file.",
    icon="sparkles",
    is_real=False,
    entry="catstudio.engine.seed_diffusion:run",
    min_seeds=1,
    guide_title="a drawing whose shapes are filled with the photos' patches",
    parameters=(
        SIZE,
        VARIETY,
        STRENGTH,
        Parameter(
            name="mode",
            title="Start from",
            kind=Kind.CHOICE,
            default="variation",
            choices=(("variation", "A warped seed photo"), ("noise", "Pure noise (experimental)")),
            is_advanced=True,
        ),
    ),
)
