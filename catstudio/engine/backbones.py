"""The catalogue of backbones and how each is run: ONNX Runtime on the CPU, torch where that is not to be had."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from catstudio.core.errors import BadInputError, NotPossibleError
from catstudio.core.paths import cache_dir
from catstudio.learn.features import FeatureSpace, kinship

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

Pixels = NDArray[np.uint8]
Rows = NDArray[np.float32]

_EXPORT_VERSION = 1
_OPSET = 17


@dataclass(frozen=True)
class Backbone:
    """One entry of the catalogue.

    Attributes
    ----------
    id, title : its name in requests and its name for a person.
    input_size : pixels a side of the square it looks at.
    n_features, n_logits : lengths of its pooled features and of its own classifier's answer.
    views : side of each centred crop it is shown, as a share of the image.
    load : builds the torch module: uint8 [n, size, size, 3] -> (features, logits).
    """

    id: str
    title: str
    input_size: int
    n_features: int
    n_logits: int
    views: tuple[float, ...]
    load: Callable[[], torch.nn.Module]

    @property
    def row_length(self) -> int:
        return len(self.views) * (self.n_features + self.n_logits)


def _efficientnet_lite(number: int) -> Callable[[], torch.nn.Module]:
    def load() -> torch.nn.Module:
        from catstudio.engine.efficientnet import load_efficientnet_lite

        return load_efficientnet_lite(number)

    return load


BACKBONES: dict[str, Backbone] = {
    backbone.id: backbone
    for backbone in (
        Backbone(
            id="efficientnet-lite0",
            title="EfficientNet-Lite0",
            input_size=224,
            n_features=1280,
            n_logits=1000,
            views=(1.0,),
            load=_efficientnet_lite(0),
        ),
        Backbone(
            id="efficientnet-lite2",
            title="EfficientNet-Lite2, two views",
            input_size=260,
            n_features=1280,
            n_logits=1000,
            views=(1.0, 0.65),
            load=_efficientnet_lite(2),
        ),
    )
}


def backbone(id_: str) -> Backbone:
    """The backbone called ``id_``; :class:`BadInputError` naming the known ones otherwise."""
    try:
        return BACKBONES[id_]
    except KeyError:
        raise BadInputError(
            f"There is no backbone called {id_!r}.", f"Known: {', '.join(BACKBONES)}."
        ) from None


def cpu_threads() -> int:
    """How many threads a forward pass uses: the cores this process may run on."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(cores, 16))


class Forward(Protocol):
    """Pixels [n, size, size, 3] in; features and logits side by side out, float32."""

    def __call__(self, pixels: Pixels) -> Rows: ...


@dataclass(frozen=True)
class LoadedBackbone:
    """A backbone ready to run.

    ``forward`` maps pixels to rows; ``space`` reads the rows; ``classifier`` [n_logits,
    n_features + 1] is its own last layer, bias last: what it knows of the world's classes.
    """

    backbone: Backbone
    forward: Forward
    space: FeatureSpace
    classifier: Rows
    runtime: str


@lru_cache(maxsize=2)
def load_backbone(id_: str, device: str = "auto") -> LoadedBackbone:
    """Load ``id_`` once a process.

    ``device`` is ``auto`` or ``cpu`` (ONNX Runtime), or a torch device such as ``cuda``. The
    first call on a machine exports the backbone into the cache folder. Raises
    :class:`NotPossibleError` when its weights are not installed and :class:`BadInputError` for a
    device that this computer does not have.
    """
    entry = backbone(id_)
    if device in ("auto", "cpu"):
        try:
            return _load_onnx(entry)
        except (NotPossibleError, MemoryError):
            raise
        except Exception:
            log.warning("ONNX Runtime cannot run %s; torch does it instead.", id_, exc_info=True)
        device = "cpu"
    return _load_torch(entry, _torch_device(device))


def _torch_device(name: str) -> str:
    """``name`` if this computer has such a device; :class:`BadInputError` otherwise."""
    # Imported late: choosing looks at the hardware, and ONNX Runtime needs no torch.
    from catstudio.engine.device import choose

    return choose(name).kind


def onnx_path(entry: Backbone) -> Path:
    """The exported model; made when missing.

    Input ``pixels`` uint8 [n, size, size, 3]; outputs ``features`` [n, n_features] and
    ``logits`` [n, n_logits].
    """
    return _exported(entry) / "model.onnx"


def _exported(entry: Backbone) -> Path:
    folder = cache_dir() / "backbones" / f"{entry.id}-{_EXPORT_VERSION}"
    if not (folder / "model.onnx").is_file() or not (folder / "constants.safetensors").is_file():
        _export(entry, folder)
    return folder


def _export(entry: Backbone, folder: Path) -> None:
    """Write the export beside and rename it, so that another process sees all or nothing."""
    import warnings

    import torch

    module = entry.load().eval()
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".part-", dir=folder.parent))
    try:
        size = entry.input_size
        pixels = torch.zeros(2, size, size, 3, dtype=torch.uint8)
        with warnings.catch_warnings():
            # The tracing exporter is deprecated, but the new one needs another package.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module,
                (pixels,),
                str(beside / "model.onnx"),
                input_names=["pixels"],
                output_names=["features", "logits"],
                dynamic_axes={name: {0: "n"} for name in ("pixels", "features", "logits")},
                opset_version=_OPSET,
                dynamo=False,
            )
        save_file(_constants(module), beside / "constants.safetensors")
        shutil.rmtree(folder, ignore_errors=True)
        try:
            beside.rename(folder)
        except OSError:
            # Another process was faster; its export is as good.
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _constants(module: Any) -> dict[str, Rows]:
    return {
        "center": np.ascontiguousarray(module.expected_features(), np.float32),
        "classifier": np.ascontiguousarray(module.classifier(), np.float32),
        "kin": kinship(module.classifier()[:, :-1]),
    }


def _load_onnx(entry: Backbone) -> LoadedBackbone:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cpu_threads()
    options.log_severity_level = 3
    # A thread that waits must not spin: the cores belong to the decoding threads meanwhile.
    # A twentieth of the bare forward speed, for a tenth more images a second from files.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = [
        p
        for p in ("CUDAExecutionProvider", "CPUExecutionProvider")
        if p in onnxruntime.get_available_providers()
    ]
    for attempt in (1, 2):
        folder = _exported(entry)
        try:
            session = onnxruntime.InferenceSession(
                str(folder / "model.onnx"), options, providers=providers
            )
            constants = load_file(folder / "constants.safetensors")
            break
        except MemoryError:
            raise
        except Exception:
            # A cache file that was cut short or altered: export it again, once.
            if attempt == 2:
                raise
            shutil.rmtree(folder, ignore_errors=True)

    def forward(pixels: Pixels) -> Rows:
        return np.concatenate(session.run(None, {"pixels": pixels}), axis=1)

    return _loaded(entry, forward, constants, "onnxruntime")


def _load_torch(entry: Backbone, device: str) -> LoadedBackbone:
    import torch

    module = entry.load().eval()
    constants = _constants(module)
    module = module.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(pixels: Pixels) -> Rows:
        with torch.inference_mode():
            outputs = module(torch.from_numpy(pixels).to(device))
            rows: Rows = torch.cat(outputs, dim=1).float().cpu().numpy()
        return rows

    return _loaded(entry, forward, constants, f"torch on {device}")


def _loaded(
    entry: Backbone, forward: Forward, constants: dict[str, Rows], runtime: str
) -> LoadedBackbone:
    space = FeatureSpace(constants["center"], constants["kin"], len(entry.views))
    return LoadedBackbone(entry, forward, space, constants["classifier"], runtime)
