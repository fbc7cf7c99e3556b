"""What the hub's refusals mean, as sentences: gated, unknown, busy."""

from __future__ import annotations

from catstudio.core.errors import NetworkError, NotPossibleError
from catstudio.models.web import Answer, DroppedError, retry_after

_BUSY = (408, 425, 429)


def refusal(answer: Answer, what: str) -> Exception:
    """What to raise for an answer that is not the thing: to be tried again, or for the person."""
    code = answer.headers.get("X-Error-Code") or ""
    if answer.status in _BUSY or answer.status >= 500:
        words = {429: "it is asked too often", 503: "it is busy"}
        reason = words.get(answer.status, f"it answered {answer.status}")
        return DroppedError(f"the server says {reason}", retry_after(answer.headers))
    if code == "GatedRepo" or (answer.status == 403 and not code):
        return NotPossibleError(
            f"{what} is given only to people who have agreed to its terms.",
            "Log in on the model's page on huggingface.co and agree; make a read token under "
            "Settings, Access Tokens; put it into HF_TOKEN (or run `hf auth login`), and "
            "download again.",
        )
    if answer.status == 401 or code == "RepoNotFound":
        return NotPossibleError(
            f"{what} is not on the hub, or is private.",
            "Check the spelling of owner/name. A private model needs a token in HF_TOKEN.",
        )
    if answer.status == 404:
        return NotPossibleError(
            f"{what} is not on the hub (any more).", "Choose another model or revision."
        )
    return NetworkError(
        f"{what} could not be downloaded: the server answered {answer.status}.",
        "Check the mirror and the proxy under Models, and try again.",
    )
