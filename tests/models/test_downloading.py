"""Downloads from a hub that breaks off, lies, is slow or busy: the right bytes, or a clear word."""

from __future__ import annotations

import hashlib
import random
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catstudio.core.errors import CancelledError, NetworkError, NotPossibleError
from catstudio.jobs.context import JobContext
from catstudio.jobs.events import AnyEvent, Progress
from catstudio.models.catalogue import Wanted
from catstudio.models.downloading import Downloaded, Manners, download
from catstudio.models.hub import cached_snapshot
from catstudio.models.repo_cache import RepoCache
from catstudio.models.retrying import Patience
from tests.models.hub_server import COMMIT, Hub, serving

REPO = "somebody/model"
WEIGHTS = "weights.safetensors"


@pytest.fixture(autouse=True)
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Online, without a proxy, into a cache of the test's own."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("CATSTUDIO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CATSTUDIO_OFFLINE", "0")
    for name in ("HF_HUB_OFFLINE", "HF_TOKEN", "http_proxy", "https_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    data = random.Random(1).randbytes(3_000_000)
    hub = Hub(REPO, {WEIGHTS: data, "config.json": b"{}"}, frozenset([WEIGHTS]))
    with serving(hub):
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield hub


class Listener:
    """A job's context, and what was said in it."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self.cancelled = threading.Event()
        self.context = JobContext("job", self.events.append, self.cancelled)


def fetch(listener: Listener | None = None, **manners: Any) -> Downloaded:
    defaults: dict[str, Any] = {"sleep": lambda _: None, "reserve": 0}
    wanted = Wanted(repo=REPO, files=(WEIGHTS, "config.json"), title="A model")
    return download(wanted, (listener or Listener()).context, Manners(**{**defaults, **manners}))


def is_whole(hub: Hub, found: Downloaded) -> bool:
    return all((Path(found.path) / name).read_bytes() == data for name, data in hub.files.items())


def leftovers() -> list[str]:
    return [p.name for p in RepoCache(REPO).folder.rglob("*.part*")]


def test_it_lands_where_the_libraries_look(hub: Hub) -> None:
    listener = Listener()
    found = fetch(listener)
    assert is_whole(hub, found) and found.commit == COMMIT and not leftovers()
    place = RepoCache(REPO).folder
    assert (place / "refs" / "main").read_text() == COMMIT
    sha = hashlib.sha256(hub.files[WEIGHTS]).hexdigest()
    assert (place / "blobs" / sha).is_file()
    done = [event for event in listener.events if isinstance(event, Progress)]
    assert done[-1].done == done[-1].total == found.size
    from huggingface_hub import try_to_load_from_cache

    known = try_to_load_from_cache(REPO, WEIGHTS, cache_dir=place.parent)
    assert Path(str(known)).read_bytes() == hub.files[WEIGHTS]
    before = hub.downloads
    again = fetch()
    assert again.fetched == 0 and hub.downloads == before


def test_a_hundred_cuts_leave_the_right_bytes_and_fetch_nothing_twice(hub: Hub) -> None:
    dice = random.Random(7)
    cuts = [dice.randrange(1, 60_000) for _ in range(100)]
    hub.cut = lambda number: cuts[number] if number < len(cuts) else None
    found = fetch()
    assert is_whole(hub, found) and not leftovers()
    assert found.drops == 100
    assert found.refetched == 0
    assert found.fetched == found.size


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    cuts=st.lists(st.integers(0, 40_000), max_size=30),
    has_ranges=st.booleans(),
    versions=st.lists(st.integers(0, 2), max_size=30),
)
def test_any_cuts_any_versions(
    cuts: list[int], has_ranges: bool, versions: list[int], monkeypatch: Any, tmp_path_factory: Any
) -> None:
    """Also from a server that knows no ranges, or says in the middle that the file is another."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path_factory.mktemp("cache")))
    hub = Hub(REPO, {WEIGHTS: random.Random(2).randbytes(90_000), "config.json": b"{}"})
    hub.cut = lambda number: cuts[number] if number < len(cuts) else None
    hub.etag = lambda number: f'"{versions[number] if number < len(versions) else 0}"'
    hub.has_ranges = has_ranges
    with serving(hub):
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        found = fetch(patience=Patience(tries=100))
        assert is_whole(hub, found) and not leftovers()


def test_wrong_bytes_are_fetched_again_once(hub: Hub) -> None:
    hub.altered = lambda number, data: data[:-1] + b"?" if number == 0 else data
    found = fetch()
    assert is_whole(hub, found)
    assert found.refetched == len(hub.files[WEIGHTS])


def test_a_wrong_hash_is_refused_and_deleted(hub: Hub) -> None:
    hub.altered = lambda _, data: b"?" + data[1:]
    with pytest.raises(NetworkError, match=rf"{WEIGHTS} was refused and deleted.*SHA-256"):
        fetch()
    assert not leftovers()
    assert not list(RepoCache(REPO).folder.glob("snapshots/*"))


@pytest.mark.parametrize("change", [lambda data: data[:-1000], lambda data: data + b"more"])
def test_a_length_that_lies_is_refused(hub: Hub, change: Any) -> None:
    hub.altered = lambda _, data: change(data)
    with pytest.raises(NetworkError, match=WEIGHTS):
        fetch(patience=Patience(tries=3))
    assert not list(RepoCache(REPO).folder.glob("snapshots/*"))


def test_a_server_that_never_gets_further_is_given_up(hub: Hub) -> None:
    """New bytes renew the patience; the same ones again do not."""
    hub.has_ranges = False
    hub.cut = lambda _: 30_000
    with pytest.raises(NetworkError, match="5 times in a row"):
        fetch(patience=Patience(tries=5))
    assert hub.downloads <= 7


def test_a_file_that_ends_early_without_a_length_is_given_up(hub: Hub) -> None:
    hub.says_length = False
    assert is_whole(hub, fetch())
    shutil.rmtree(RepoCache(REPO).folder)
    hub.altered = lambda _, data: data[: len(data) // 2]
    with pytest.raises(NetworkError, match="in a row"):
        fetch(patience=Patience(tries=5))
    assert not list(RepoCache(REPO).folder.glob("snapshots/*"))


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_says_how_long_to_wait(hub: Hub, status: int) -> None:
    waits: list[float] = []
    hub.status = lambda number: (status, {"Retry-After": "7"}) if number < 2 else (200, {})
    found = fetch(sleep=waits.append)
    assert is_whole(hub, found)
    assert waits == [7, 7]


def test_waits_grow_and_patience_ends(hub: Hub) -> None:
    waits: list[float] = []
    hub.status = lambda _: (500, {})
    with pytest.raises(NetworkError, match="4 times in a row"):
        fetch(sleep=waits.append, patience=Patience(tries=4))
    assert len(waits) == 3
    for k, wait in enumerate(waits):
        assert 2**k / 2 <= wait <= 2**k


def test_the_token_stays_with_the_hub(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large files lie on another host, which must not learn who asks."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch()
    assert {token for host, _, token in hub.requests if host == hub.endpoint} == {
        "Bearer hf_secret"
    }
    elsewhere = [token for host, _, token in hub.requests if host == hub.storage]
    assert elsewhere and set(elsewhere) == {""}


def test_cancel_keeps_what_has_arrived_and_the_next_goes_on(hub: Hub) -> None:
    hub.gate = threading.Event()
    listener, half = Listener(), len(hub.files[WEIGHTS]) // 2

    timer = threading.Timer(0.4, listener.cancelled.set)  # It waits for the second half by then.
    timer.start()
    with pytest.raises(CancelledError) as caught:
        fetch(listener)
    assert caught.value.result["downloaded"] >= half
    assert leftovers()
    hub.gate.set()
    found = fetch()
    assert is_whole(hub, found) and found.refetched == 0
    assert found.fetched <= found.size - half
    assert not leftovers()


def test_a_server_that_falls_silent_is_asked_again(hub: Hub) -> None:
    hub.gate = threading.Event()
    waits: list[float] = []

    def open_gate(seconds: float) -> None:
        waits.append(seconds)
        hub.gate.set()

    found = fetch(sleep=open_gate, stall_seconds=0.3)
    assert is_whole(hub, found) and found.drops == 1 and len(waits) == 1


def test_a_full_disk_is_said_before_the_first_byte(hub: Hub) -> None:
    with pytest.raises(NotPossibleError, match="does not fit"):
        fetch(reserve=10**15)
    assert hub.downloads == 0


def test_two_at_once_fetch_it_once(hub: Hub) -> None:
    hub.gate = threading.Event()
    results: list[Downloaded] = []
    threads = [threading.Thread(target=lambda: results.append(fetch())) for _ in range(2)]
    for thread in threads:
        thread.start()
    threading.Timer(0.3, hub.gate.set).start()
    for thread in threads:
        thread.join(20)
    assert len(results) == 2 and all(is_whole(hub, one) for one in results)
    assert sum(one.fetched for one in results) == results[0].size


@pytest.mark.parametrize("name", ["../out.bin", "/etc/passwd", "a\\b", "c:x", "a/../b"])
def test_names_that_lead_out_of_the_cache_are_refused(hub: Hub, name: str) -> None:
    hub.files[name] = b"x"
    with pytest.raises(NetworkError, match="makes no sense"):
        fetch()


def test_an_unknown_model_is_named(hub: Hub) -> None:
    with pytest.raises(NotPossibleError, match="nobody/nothing is not on the hub"):
        download(Wanted(repo="nobody/nothing"), Listener().context, Manners(sleep=lambda _: None))


def test_a_pipeline_that_was_downloaded_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    index = b'{"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet"]}'
    weights = b"\x02\0\0\0\0\0\0\0{}"
    hub = Hub(
        REPO,
        {
            "model_index.json": index,
            "unet/config.json": b"{}",
            "unet/model.safetensors": weights + b"32",
            "unet/model.fp16.safetensors": weights,
            "unet/model.bin": b"pickled",
            "README.md": b"---\nlicense: mit\n---\n",
            "photo.png": b"not taken",
        },
    )
    with serving(hub):
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        found = download(Wanted(repo=REPO), Listener().context, Manners(reserve=0))
    assert cached_snapshot(REPO) == Path(found.path)
    names = {p.relative_to(found.path).as_posix() for p in Path(found.path).rglob("*.*")}
    assert names == {
        "README.md",
        "model_index.json",
        "unet/config.json",
        "unet/model.fp16.safetensors",
    }


@pytest.mark.parametrize("how", ["CATSTUDIO_OFFLINE", "HF_HUB_OFFLINE", "settings"])
def test_offline_asks_nobody(hub: Hub, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    from catstudio.models import network

    monkeypatch.delenv("CATSTUDIO_OFFLINE")
    if how == "settings":
        network.write_settings(network.NetworkSettings(is_offline=True))
    else:
        monkeypatch.setenv(how, "1")
    with pytest.raises(NotPossibleError, match="cannot be downloaded"):
        fetch()
    assert not hub.requests
