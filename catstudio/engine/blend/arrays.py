"""What images are called while they are blended."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""A photo: uint8 [height, width, 3], RGB."""
Colours = NDArray[np.float32]
"""An image in the making: float32 [height, width, 3] in [0, 1], RGB, sRGB values."""
Map = NDArray[np.float32]
"""A map: float32 [height, width] in [0, 1]."""
