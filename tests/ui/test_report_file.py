"""A run's report, saved from the training tab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from catstudio.studio import Studio
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.training.report_file import ReportFile
from tests.report.examples import AUDIT
from tests.ui.test_audit_views import add_run


@pytest.fixture
def file(bridge: StudioBridge, studio: Studio, themed, qtbot) -> Iterator[ReportFile]:
    file = ReportFile(bridge)
    qtbot.addWidget(file)
    file.show_run(add_run(studio, AUDIT))
    file.show()
    yield file


def test_a_report_is_saved_under_a_name_with_an_ending_and_opened(
    file: ReportFile, tmp_path: Path, qtbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposed, opened = [], []

    def ask(parent, title, name, kinds):
        proposed.append(Path(name).name)
        return str(tmp_path / "sent"), kinds

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    assert not file.open.isVisible()
    file.save.click()
    assert not file.save.isEnabled()
    qtbot.waitUntil(file.open.isVisible)
    assert proposed[0].endswith("run 1.html")
    page = (tmp_path / "sent.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and "Photograph 30 more" in page
    file.open.click()
    assert opened == [str(tmp_path / "sent.html")]
    file.show_run(2)
    assert not file.open.isVisible()


def test_a_folder_that_is_a_file_is_told(file: ReportFile, tmp_path: Path, qtbot) -> None:
    (tmp_path / "none").write_text("")
    with qtbot.waitSignal(file.failed) as told:
        file.write(tmp_path / "none" / "sent.html")
    assert "sent.html" in " ".join(told.args) and file.save.isEnabled()
    assert not file.open.isVisible()
