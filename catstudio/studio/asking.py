"""Requests for jobs, checked against the project: they read it, so build them off the GUI thread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from catstudio.jobs.requests import (
    DEFAULT_BACKBONE,
    AuditRequest,
    CheckDatasetRequest,
    DownloadRequest,
    EvaluateRequest,
    GenerateRequest,
    ImportDatasetRequest,
    ImportRequest,
    MapRequest,
    PersonaliseRequest,
    PredictRequest,
    TrainRequest,
    WordsRequest,
)
from catstudio.studio import auditing, mapping, personalising, requesting
from catstudio.studio.editing import ProjectEditor


class RequestMaker(ProjectEditor):
    """Says for each job what it needs of the project; ``submit`` and ``run`` take what it returns."""

    def import_request(
        self,
        paths: Iterable[str | Path] = (),
        *,
        blobs: Iterable[tuple[str, bytes]] = (),
        label: str | None = None,
        source: str = "photo",
        split: str | None = None,
        origin: str = "",
        license: str = "",  # noqa: A002 - the word that the command line uses.
        author: str = "",
        parents: Iterable[str] = (),
        method: str = "",
        params: Mapping[str, Any] | None = None,
        keeps_location: bool = False,
    ) -> ImportRequest:
        """Bring in files, folders, or ``blobs`` of (name, bytes). Label None decides later.

        ``parents`` are ids of images that these derive from, in equal shares.
        """
        return requesting.import_request(
            self._store,
            paths,
            blobs,
            label,
            source,
            split,
            (origin, license, author),
            parents,
            method=method,
            params=dict(params or {}),
            keeps_location=keeps_location,
        )

    def check_dataset_request(
        self,
        path: str | Path,
        *,
        format: str = "auto",  # noqa: A002 - the word that the command line uses.
        mapping: Mapping[str, str | None] | None = None,
        unlabelled: str | None = None,
    ) -> CheckDatasetRequest:
        """What would a data set from elsewhere bring along? ``mapping`` renames its labels."""
        return requesting.check_dataset_request(
            self._store, path, format=format, mapping=dict(mapping or {}), unlabelled=unlabelled
        )

    def import_dataset_request(
        self,
        path: str | Path,
        *,
        mapping: Mapping[str, str | None] | None = None,
        leave_out: Iterable[str] = (),
        **settings: Any,
    ) -> ImportDatasetRequest:
        """Bring in a data set; ``settings`` are the other fields of the request, by name."""
        return requesting.import_dataset_request(
            self._store, path, mapping=dict(mapping or {}), leave_out=tuple(leave_out), **settings
        )

    def generate_request(
        self,
        method: str,
        label: str,
        count: int,
        *,
        seeds: Iterable[str] | None = None,
        prompts: Iterable[str] = (),
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
        accept: bool = False,
        guide: str | None = None,
        mask: bytes = b"",
        is_trial: bool = False,
    ) -> GenerateRequest:
        """Make ``count`` images. ``seeds`` are image ids; None takes the label's training photos.

        ``guide`` is the id of an image whose layout is followed, ``mask`` a PNG that is white
        where the seed image changes; a trial's images are shown and not kept. Test photos are
        drawn first, so that nothing is ever made from them; a trial leaves the splits alone.
        """
        if seeds is None and not is_trial:
            self.draw_splits()
        return requesting.generate_request(
            self._store,
            method,
            label,
            count,
            seeds,
            options or {},
            seed,
            guide,
            prompts=tuple(prompts),
            accept=accept,
            mask=mask,
            is_trial=is_trial,
        )

    def download_request(self, model: str) -> DownloadRequest:
        """Fetch a model of the catalogue or the hub; nothing of the project is read or changed."""
        return DownloadRequest(job_id=requesting.new_job_id(), model=model)

    def train_request(
        self, backbone: str | None = None, finetune: bool = False, seed: int = 0
    ) -> TrainRequest:
        """Train on all that is accepted; photos that have no split yet get one first."""
        self.draw_splits()
        return requesting.train_request(
            self._store,
            seed,
            backbone=backbone or DEFAULT_BACKBONE,
            finetune=finetune,
        )

    def audit_request(
        self,
        run: int | None = None,
        *,
        strangers: Iterable[str | Path] | None = None,
        seed: int = 0,
    ) -> AuditRequest:
        """Question a run: what each source bought, and the flaws no eye sees.

        ``strangers`` are photos of neither class, or folders of them; None takes the examples.
        """
        return auditing.request(self._store, self.run_folder(run), strangers, seed)

    def map_request(
        self,
        backbone: str = DEFAULT_BACKBONE,
        *,
        is_quick: bool = False,
        is_anew: bool = False,
    ) -> MapRequest:
        """Place all images by likeness; see :class:`MapRequest`. ``is_anew`` forgets the map
        before. ``catstudio.studio.mapping.looks`` says what can look."""
        return mapping.request(self._store, backbone, is_quick=is_quick, is_anew=is_anew)

    def words_request(self, text: str, backbone: str) -> WordsRequest:
        """Look for images by a description, with a model folder that knows words."""
        return mapping.words_request(text, backbone)

    def personalise_request(
        self,
        label: str,
        model: str,
        options: Mapping[str, Any] | None = None,
        *,
        name: str = "",
        seed: int | None = None,
        resume: bool = False,
        is_estimate: bool = False,
    ) -> PersonaliseRequest:
        """Train an adapter on the photos of ``label``; see :mod:`catstudio.studio.personalising`.

        Test photos are drawn first, so that none is ever learned from; an estimate draws nothing.
        """
        if not is_estimate:
            self.draw_splits()
        return personalising.request(
            self._store,
            label,
            model,
            options or {},
            name=name,
            seed=seed,
            resume=resume,
            is_estimate=is_estimate,
        )

    def personal_photos(self, label: str) -> personalising.Chosen:
        """Which photos of ``label`` an adapter would learn from, and why not from the others."""
        return personalising.choose(self._store.images(), label)

    def class_folders(self, folder: str | Path) -> dict[str, int]:
        """How many photos lie in each sub-folder of ``folder``, to be mapped to labels. Slow."""
        return requesting.class_folders(Path(folder))

    def evaluate_request(
        self, folder: str | Path, run: int | None = None, mapping: Mapping[str, str] | None = None
    ) -> EvaluateRequest:
        """Measure a run on real photos in class folders; ``mapping`` renames folders to labels."""
        run_folder = self.run_folder(run)
        return requesting.evaluate_request(
            self._store, run_folder, self.labels(), Path(folder), mapping or {}
        )

    def predict_request(
        self,
        paths: Iterable[str | Path],
        run: int | None = None,
        threshold: tuple[str, float] | None = None,
    ) -> PredictRequest:
        """Label images, or all images in folders, with a run (the newest by default).

        ``threshold`` is a label and the score in [0, 1] from which on it is the answer.
        """
        return requesting.predict_request(self._store, self.run_folder(run), paths, threshold)
