"""What images are called while they are blended."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""A photo: uint8 [height, width, 3], RGB."""
Colours = NDArray[np.floating[Any]]
"""An image in the making: float32 [height, width, 3] in [0, 1], RGB, sRGB values."""
Map = NDArray[np.floating[Any]]
"""A map: float32 [height, width] in [0, 1]."""
