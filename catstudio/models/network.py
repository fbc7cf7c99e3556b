"""May CatStudio reach the network, and by which way: the one place that decides.

Off when ``CATSTUDIO_OFFLINE`` is set, when the person switched it off, or when
``HF_HUB_OFFLINE`` is set, as other programs understand it. ``CATSTUDIO_OFFLINE=0`` says that
``HF_HUB_OFFLINE`` is not meant for CatStudio.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from catstudio.core.errors import BadInputError, NotPossibleError
from catstudio.core.files import explain_os_error, write_atomic
from catstudio.core.paths import config_dir

HUB = "https://huggingface.co"
_TRUE = ("1", "on", "yes", "true")

_log = logging.getLogger(__name__)


class NetworkSettings(Struct, frozen=True, kw_only=True):
    """What the person chose. ``mirror`` is used instead of the hub, ``proxy`` instead of the
    system's; "" leaves each as it is. Both are addresses that begin with http:// or https://.
    """

    is_offline: bool = False
    mirror: str = ""
    proxy: str = ""


def settings_file() -> Path:
    """Where the choice is kept: apart from the window's settings, as the commands obey it too."""
    return config_dir() / "network.json"


def read_settings() -> NetworkSettings:
    """What is chosen; a file that is damaged counts as offline, the choice that harms nobody."""
    try:
        return msgspec.json.decode(settings_file().read_bytes(), type=NetworkSettings)
    except FileNotFoundError:
        return NetworkSettings()
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        _log.warning("%s cannot be read: %s", settings_file(), error)
        return NetworkSettings(is_offline=True)


def write_settings(settings: NetworkSettings) -> None:
    """Keep a choice. Raises :class:`BadInputError` for what is not an address."""
    for name, address in (("mirror", settings.mirror), ("proxy", settings.proxy)):
        if address:
            checked_address(address, name)
    try:
        write_atomic(settings_file(), msgspec.json.format(msgspec.json.encode(settings)))
    except OSError as error:
        raise explain_os_error(error, str(settings_file())) from error


def checked_address(address: str, name: str) -> str:
    """``address`` without the slash at its end; :class:`BadInputError` if it is none."""
    try:
        parts = urlsplit(address.strip())
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port  # raises for one that is no number
    except ValueError:
        is_good = False
    if not is_good:
        raise BadInputError(
            f"{address!r} cannot be the {name}.",
            f"Give an address that begins with http:// or https://, such as https://{name}.example.",
        )
    return address.strip().rstrip("/")


def _is_set(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in _TRUE


def why_offline() -> str:
    """Why the network may not be reached, as a sentence; "" when it may."""
    if _is_set("CATSTUDIO_OFFLINE"):
        return "CATSTUDIO_OFFLINE is set."
    if read_settings().is_offline:
        return "CatStudio is switched to offline."
    if not os.environ.get("CATSTUDIO_OFFLINE") and _is_set("HF_HUB_OFFLINE"):
        return "HF_HUB_OFFLINE is set."
    return ""


def check_online(what: str) -> None:
    """Raise :class:`NotPossibleError` when the network may not be reached for ``what``."""
    if reason := why_offline():
        raise NotPossibleError(
            f"{what} cannot be downloaded: {reason}",
            "Go online under Models (catstudio models network --online; unset the variable), or "
            "add a copy from another computer: catstudio models add PATH.",
        )


def endpoint() -> str:
    """The hub or its mirror, without a slash at the end: ``HF_ENDPOINT``, the setting, the hub."""
    given = os.environ.get("HF_ENDPOINT", "") or read_settings().mirror
    return checked_address(given, "mirror") if given else HUB


def token() -> str:
    """The person's access token for gated models, or "": ``HF_TOKEN``, else where ``hf auth
    login`` keeps it. It is sent to the hub alone, and never logged or shown."""
    if given := os.environ.get("HF_TOKEN", "").strip():
        return given
    home = os.environ.get("HF_HOME") or "~/.cache/huggingface"
    path = Path(os.environ.get("HF_TOKEN_PATH") or Path(home) / "token").expanduser()
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
