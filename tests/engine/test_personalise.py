"""Training adapters end to end, on tiny pipelines of every family that the tests build here."""

from __future__ import annotations

import io
import threading
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from catstudio.core.errors import (
    BadInputError,
    CancelledError,
    NotPossibleError,
)
from catstudio.core.files import sha256
from catstudio.core.wording import size_text
from catstudio.engine import device as devices
from catstudio.engine import personalise
from catstudio.engine.diffusion import loading
from catstudio.engine.personalise import families, memory, samples
from catstudio.engine.personalise import photos as photos_module
from catstudio.engine.personalise.learners import Lora
from catstudio.engine.personalise.objective import Diffusion, FlowMatching
from catstudio.engine.personalise.training import number_for, order
from catstudio.jobs.context import JobContext
from catstudio.jobs.events import Progress, Warned
from catstudio.jobs.requests import AdapterSettings, PersonaliseRequest, TrainingImage
from catstudio.models import inspect
from catstudio.models.adapters import CHECKPOINT_FILE, read_card, stopped_at, trained_on
from catstudio.models.training_cost import cost, parts_of
from tests.engine import tiny_models

# diffusers' Euler scheduler still converts tensors the way numpy 2 deprecates.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)

FAMILIES = ("stable_diffusion", "stable_diffusion_xl", "stable_diffusion_3", "flux")
SETTINGS = AdapterSettings(
    rank=4,
    alpha=8,
    resolution=32,
    learning_rate=2e-2,
    warmup_steps=2,
    batch_size=2,
    trigger_word="sks",
)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Tensors this small only wait for each other on more threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for family in FAMILIES:
        getattr(tiny_models, family)().save_pretrained(folder / family)
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> tuple[TrainingImage, ...]:
    """Two pictures, one wide and one upright."""
    folder = tmp_path_factory.mktemp("photos")
    found = []
    for number, size in enumerate(((96, 64), (64, 96))):
        path = folder / f"{number}.png"
        Image.linear_gradient("L").resize(size).rotate(90 * number).convert("RGB").save(path)
        found.append(
            TrainingImage(f"id{number}", str(path), sha256(path.read_bytes()), "a photo of sks cat")
        )
    return tuple(found)


class Recorder:
    """A job's context and what was said to it; ``cancel_at`` cancels after that step's report."""

    def __init__(self, cancel_at: int | None = None) -> None:
        self.events = []
        self.cancelled = threading.Event()
        self.cancel_at = cancel_at
        self.context = JobContext("job", self._take, self.cancelled)

    def _take(self, event) -> None:
        self.events.append(event)
        if isinstance(event, Progress) and event.message.startswith(f"Step {self.cancel_at} of"):
            self.cancelled.set()

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture(autouse=True)
def every_report(monkeypatch):
    """A person is told ten times a second; these tests count the steps. Their pictures are noise."""
    monkeypatch.setattr("catstudio.jobs.context._REPORT_EVERY", 0.0)
    monkeypatch.setattr(samples, "STEPS", 4)


def request(model: Path, photos, folder: Path, **more) -> PersonaliseRequest:
    settings = msgspec.structs.replace(SETTINGS, **more.pop("settings", {}))
    fields = {
        "steps": 6,
        "samples": 0,
        "checkpoint_every": 100,
        "sample_prompt": "a photo of sks cat",
    }
    return PersonaliseRequest(
        job_id="job",
        label="cat",
        name="my cat",
        model=str(model),
        images=photos,
        folder=str(folder),
        settings=settings,
        **fields | more,
    )


def trained(req: PersonaliseRequest, recorder: Recorder | None = None):
    return personalise.run(req, (recorder or Recorder()).context)


def written(files, folder: Path) -> Path:
    path = folder / "adapter.safetensors"
    path.write_bytes(files["adapter.safetensors"])
    return path


def loaded(model: Path):
    return loading.load(loading.find(str(model)), devices.choose("cpu"))


def pictures(pipe, prompt: str = "a photo of sks cat") -> bytes:
    """The sample pictures that a training with these settings would show."""
    family = families.family_of(pipe, "it")
    with torch.no_grad():
        text, empty = family.encode(prompt), family.encode("")
    return samples.grid(family, text, empty, 1, 32, SETTINGS.seed, lambda: None)


# -- learning


@pytest.mark.parametrize("family", FAMILIES)
def test_a_lora_learns_and_what_is_loaded_is_what_was_trained(models, photos, tmp_path, family):
    model = models / family
    result, files = trained(request(model, photos, tmp_path, steps=12, samples=1, sample_every=99))
    idle, _ = trained(request(model, photos, tmp_path, steps=12, settings={"learning_rate": 1e-12}))
    # The same photos, noise and noise levels: only what was learned differs.
    assert result["loss"] < 0.99 * idle["loss"]
    assert result["steps"] == 12 and result["losses"][-1] == (12, result["loss"])
    pipe = loaded(model)
    before = pictures(pipe)
    pipe.load_lora_weights(written(files, tmp_path).parent, weight_name="adapter.safetensors")
    assert pictures(pipe) == files["samples.jpg"] != before


@pytest.mark.parametrize(
    ("family", "vectors"), [("stable_diffusion", 2), ("stable_diffusion_xl", 1)]
)
def test_textual_inversion_learns_a_word(models, photos, tmp_path, family, vectors):
    word, prompt = "<mine>", "a photo of <mine>"
    shown = tuple(msgspec.structs.replace(photo, caption=prompt) for photo in photos)
    settings = {
        "method": "textual-inversion",
        "trigger_word": word,
        "vectors": vectors,
        "learning_rate": 5e-3,
    }
    fields = {"steps": 12, "sample_prompt": prompt}
    result, files = trained(
        request(models / family, shown, tmp_path, samples=1, settings=settings, **fields)
    )
    idle, _ = trained(
        request(
            models / family, shown, tmp_path, settings=settings | {"learning_rate": 1e-12}, **fields
        )
    )
    assert result["kind"] == "embedding" and result["loss"] < idle["loss"]
    pipe = loaded(models / family)
    rows = load_file(written(files, tmp_path))
    if family == "stable_diffusion":
        assert rows[word].shape == (vectors, 16)
        pipe.load_textual_inversion(rows, token=word)
    else:
        for key, suffix in (("clip_l", ""), ("clip_g", "_2")):
            pipe.load_textual_inversion(
                rows[key],
                token=word,
                tokenizer=getattr(pipe, f"tokenizer{suffix}"),
                text_encoder=getattr(pipe, f"text_encoder{suffix}"),
            )
    assert pictures(pipe, prompt) == files["samples.jpg"]


def test_textual_inversion_is_refused_where_there_is_no_u_net(models, photos, tmp_path):
    settings = {"method": "textual-inversion", "trigger_word": "<mine>"}
    with pytest.raises(NotPossibleError, match=r"Stable Diffusion 1\.5 and SDXL"):
        trained(request(models / "flux", photos, tmp_path, settings=settings))


def test_a_word_that_the_model_knows_is_refused(models, photos, tmp_path):
    settings = {"method": "textual-inversion", "trigger_word": "a"}
    with pytest.raises(BadInputError, match="knows the word"):
        trained(request(models / "stable_diffusion", photos, tmp_path, settings=settings))


# -- the same twice, and going on


@pytest.mark.parametrize("method", ["lora", "textual-inversion"])
def test_stopping_and_going_on_changes_no_bit(models, photos, tmp_path, method):
    model = models / "stable_diffusion"
    settings = {"method": method, "trigger_word": "<mine>"}
    photos = tuple(msgspec.structs.replace(one, caption="a photo of <mine>") for one in photos)
    straight, files = trained(request(model, photos, tmp_path / "a", settings=settings))
    stopped = Recorder(cancel_at=3)
    with pytest.raises(CancelledError) as cancelled:
        trained(request(model, photos, tmp_path / "b", settings=settings), stopped)
    assert cancelled.value.result == {"step": 3, "steps": 6}
    saved = stopped_at(tmp_path / "b")
    assert saved is not None and saved.step == 3 and saved.basis["rank"] == 4
    assert stopped_at(tmp_path) is None
    again = Recorder()
    went_on, its_files = trained(
        request(model, photos, tmp_path / "b", settings=settings, resume=True), again
    )
    assert its_files == files
    assert went_on["losses"] == straight["losses"]
    assert not again.of(Warned)
    steps = [event.message for event in again.of(Progress) if event.message.startswith("Step")]
    assert steps[0].startswith("Step 3 of 6") and len(steps) == 4


def test_more_steps_go_on_from_a_finished_training(models, photos, tmp_path):
    model = models / "stable_diffusion"
    _, files = trained(request(model, photos, tmp_path / "a", steps=4))
    trained(request(model, photos, tmp_path / "b", steps=2))
    _, more = trained(request(model, photos, tmp_path / "b", steps=4, resume=True))
    assert more == files


def test_a_checkpoint_of_other_settings_is_refused_by_name(models, photos, tmp_path):
    model = models / "stable_diffusion"
    trained(request(model, photos, tmp_path, steps=1))
    with pytest.raises(BadInputError, match="rank was 4, now it is 2") as refused:
        trained(request(model, photos, tmp_path, resume=True, settings={"rank": 2}))
    assert "start over" in refused.value.hint
    with pytest.raises(BadInputError, match="photos are not the same"):
        trained(request(model, photos[:1], tmp_path, resume=True))


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_checkpoint_is_said_and_the_training_starts_over(
    models, photos, tmp_path, damage
):
    model = models / "stable_diffusion"
    _, files = trained(request(model, photos, tmp_path, steps=2))
    path = tmp_path / CHECKPOINT_FILE
    data = bytearray(path.read_bytes())
    if damage == "cut":
        del data[-10:]
    else:
        data[-10] ^= 1
    path.write_bytes(data)
    recorder = Recorder()
    _, again = trained(request(model, photos, tmp_path, steps=2, resume=True), recorder)
    assert [event.message for event in recorder.of(Warned)] == [
        f"The state of the stopped training ({path}) is damaged."
    ]
    assert again == files


def test_nothing_to_go_on_with_is_said(models, photos, tmp_path):
    recorder = Recorder()
    trained(request(models / "stable_diffusion", photos, tmp_path, steps=1, resume=True), recorder)
    assert "no stopped training" in recorder.of(Warned)[0].message


def test_checkpointed_blocks_learn_the_same(models, photos, tmp_path, monkeypatch):
    model = models / "stable_diffusion"
    plain, _ = trained(request(model, photos, tmp_path, steps=3))
    planned = memory.plan

    def saving(*args):
        return msgspec.structs.replace(planned(*args), is_checkpointed=True)

    monkeypatch.setattr(memory, "plan", saving)
    saved, _ = trained(request(model, photos, tmp_path, steps=3))
    assert saved["gradient_checkpointing"] and not plain["gradient_checkpointing"]
    assert saved["loss"] == pytest.approx(plain["loss"], rel=1e-4)


# -- pictures, photos, provenance


def test_pictures_come_while_it_trains_and_a_cancel_ends_within_one_of_their_steps(
    models, photos, tmp_path
):
    model = models / "stable_diffusion"
    recorder = Recorder()
    req = request(model, photos, tmp_path, steps=4, samples=2, sample_every=2)
    _, files = trained(req, recorder)
    shown = [event for event in recorder.of(Progress) if event.preview]
    assert [event.message for event in shown] == [
        "Pictures after step 2",
        "Pictures after step 4",
    ]
    picture = Image.open(io.BytesIO(shown[-1].preview))
    assert picture.size == (64, 32) and shown[-1].preview == files["samples.jpg"]
    # Showing pictures changes nothing of what is learned.
    assert (
        trained(request(model, photos, tmp_path, steps=4))[1]["adapter.safetensors"]
        == files["adapter.safetensors"]
    )


def test_a_photo_that_cannot_be_read_is_said_and_left_out(models, photos, tmp_path):
    missing = TrainingImage("gone", str(tmp_path / "gone.jpg"), "0" * 64, "a photo")
    recorder = Recorder()
    req = request(models / "stable_diffusion", (missing, *photos), tmp_path, steps=1)
    result, files = trained(req, recorder)
    assert result["photos"] == 2
    assert [event.path for event in recorder.of(Warned)] == [missing.path]
    path = written(files, tmp_path)
    assert trained_on(path) == ("id0", "id1")
    with pytest.raises(NotPossibleError, match="None of the photos"):
        trained(request(models / "stable_diffusion", (missing,), tmp_path))


def test_the_card_says_what_made_it(models, photos, tmp_path):
    result, files = trained(request(models / "stable_diffusion_xl", photos, tmp_path, steps=1))
    card = read_card(written(files, tmp_path))
    assert card is not None
    assert [(one.id, one.sha256) for one in card.photos] == [(p.id, p.sha256) for p in photos]
    assert (card.kind, card.label, card.trigger_word, card.family) == ("lora", "cat", "sks", "sdxl")
    assert (card.model, card.revision) == (result["model"], result["revision"])
    assert card.settings["rank"] == 4 and card.steps == 1


def test_photos_keep_their_shape():
    assert photos_module.size_at((1000, 1000), 512, 8) == (512, 512)
    assert photos_module.size_at((1500, 1000), 512, 64) == (640, 448)
    assert photos_module.size_at((100, 1000), 512, 64) == (384, 704)


# -- losses


def test_min_snr_weighs_as_the_paper_says():
    alphas = torch.tensor([0.5])
    for prediction, alpha, weight in (
        ("epsilon", 0.5, 1.0),  # SNR 1 is below gamma: the plain loss.
        ("epsilon", 0.9, 5 / 9),
        ("v_prediction", 0.9, 5 / 10),
        ("v_prediction", 0.5, 0.5),
        ("sample", 0.9, 5.0),
        ("sample", 0.5, 1.0),
        ("v_prediction", 0.0, 0.0),  # No signal at all, in models of zero terminal SNR.
    ):
        assert Diffusion(alphas, prediction, 5.0).weight(alpha) == pytest.approx(weight)
        assert Diffusion(alphas, prediction, 0.0).weight(alpha) == 1.0


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
def test_the_true_answer_costs_nothing(prediction):
    """Velocity is alpha * noise - sigma * photo (Salimans and Ho 2022)."""
    photo = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    alpha = 0.64
    task = Diffusion(torch.tensor([alpha]), prediction, 0.0)

    def know(noisy: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        noise = (noisy - 0.8 * photo) / 0.6
        return {"epsilon": noise, "v_prediction": 0.8 * noise - 0.6 * photo, "sample": photo}[
            prediction
        ]

    assert float(task.loss(photo, know, torch.Generator().manual_seed(0))) < 1e-10


def test_the_true_flow_costs_nothing():
    photo = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    told = []

    def know(noisy: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        told.append(float(timestep))
        sigma = timestep / 1000
        return (noisy - photo) / sigma  # noise - photo

    for shift in (1.0, 3.0):
        loss = FlowMatching(shift).loss(photo, know, torch.Generator().manual_seed(0))
        assert float(loss) < 1e-9
    assert told[1] == pytest.approx(1000 * 3 * told[0] / (1000 + 2 * told[0]), rel=1e-5)


def test_each_round_shows_every_photo_once():
    for seed in (0, 1):
        rounds = [[order(seed, 5, 5 * r + k) for k in range(5)] for r in range(4)]
        assert all(sorted(one) == list(range(5)) for one in rounds)
        assert len({tuple(one) for one in rounds}) > 1
    assert len({number_for(seed, k) for seed in range(20) for k in range(-20, 200)}) == 20 * 220


# -- what it needs


def test_what_is_trained_is_counted_from_the_headers(models, photos, tmp_path):
    for family in FAMILIES:
        parts = parts_of(inspect(models / family))
        pipe = loaded(models / family)
        learner = Lora(families.family_of(pipe, family), SETTINGS)
        trained_numbers = sum(p.numel() for p in learner.parameters().values())
        assert cost(parts, SETTINGS, 4, False).trained == trained_numbers
        sizes = {
            name: sum(p.numel() for p in part.parameters())
            for name, part in pipe.components.items()
            if isinstance(part, torch.nn.Module)
        }
        part = learner._denoiser
        kept = sum(buffer.numel() for buffer in part.buffers())  # A table of positions.
        denoiser = sizes[learner._part] - trained_numbers + kept
        assert (parts.denoiser, parts.vae) == (denoiser, sizes["vae"])
        assert parts.text == sum(n for name, n in sizes.items() if name.startswith("text"))
        assert parts.vae_factor == 4


def test_an_estimate_trains_nothing(models, photos, tmp_path):
    req = request(models / "stable_diffusion", photos, tmp_path, is_estimate=True)
    result, files = trained(req)
    assert not files and not list(tmp_path.iterdir())
    assert 0 < result["needed_bytes"] < result["free_bytes"]
    assert result["estimated_seconds"] >= 0 and "Needs about" in result["text"]


def test_too_little_memory_is_refused_with_what_would_fit(models, photos, tmp_path, monkeypatch):
    chosen = devices.choose("cpu")

    def with_free(free: int):
        monkeypatch.setattr(devices, "choose", lambda _: replace(chosen, free=free))
        return trained(
            request(
                models / "stable_diffusion",
                photos,
                tmp_path,
                is_estimate=True,
                settings={"resolution": 2048},
            )
        )

    gib = 2**30
    with pytest.raises(NotPossibleError, match=f"and {size_text(2.3 * gib)} of memory") as no:
        with_free(int(2.3 * gib))
    assert no.value.hint.startswith("Choose resolution 384: it needs about")
    with pytest.raises(NotPossibleError) as no:
        with_free(2**20)
    assert "smaller model" in no.value.hint
