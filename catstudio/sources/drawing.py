"""Pictures that are not photographs: drawn by hand, or made by another tool."""

from catstudio.sources.base import Source

SOURCE = Source(
    id="drawing",
    title="Drawing",
    summary="Drawn by hand: total control, and a drawing.",
    icon="pencil",
    is_real=False,
)
OTHER_TOOL = Source(
    id="other-tool",
    title="Other tool",
    summary="Made by another program: never tested on.",
    icon="robot",
    is_real=False,
)
