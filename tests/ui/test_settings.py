"""Settings: kept whole, read in any state, never in the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catstudio.ui.settings import MAX_PROMPTS, MAX_RECENT, VERSION, SettingsFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.json"


def test_what_is_saved_is_read_again(path: Path) -> None:
    first = SettingsFile(path)
    first.values.theme = "dark"
    first.values.splitter = [300, 700, 280]
    first.values.remember_project(Path("/data/Cats.catstudio"), "/data/thumb.jpg")
    first.values.remember_prompt("a grey cat")
    first.values.options["seed"] = {"variety": 0.3, "count": 16}
    first.save()
    again = SettingsFile(path)
    assert again.values == first.values
    assert again.values.recent[0].name == "Cats"
    assert again.values.last_project == "/data/Cats.catstudio"


def test_nothing_is_left_beside_the_file(path: Path) -> None:
    SettingsFile(path).save()
    assert [one.name for one in path.parent.iterdir()] == ["settings.json"]


def test_damaged_settings_start_afresh_and_are_kept(path: Path) -> None:
    path.write_text('{"theme": "dark"')
    file = SettingsFile(path)
    assert file.values.theme == "system"
    assert "damaged" in file.problem
    assert path.with_suffix(".damaged.json").read_text() == '{"theme": "dark"'


def test_settings_of_a_newer_version_are_not_overwritten(path: Path) -> None:
    newer = json.dumps({"version": VERSION + 1, "theme": "dark", "hologram": True})
    path.write_text(newer)
    file = SettingsFile(path)
    assert file.values.theme == "dark"
    file.values.theme = "light"
    file.save()
    assert path.read_text() == newer


def test_an_unknown_theme_is_the_systems(path: Path) -> None:
    path.write_text('{"theme": "sepia"}')
    assert SettingsFile(path).values.theme == "system"


def test_a_folder_that_cannot_be_written_does_not_stop_the_work(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (path.parent / "file").write_text("")
    file = SettingsFile(path.parent / "file" / "settings.json")
    file.save()
    assert "cannot be written" in caplog.text


def test_recent_projects_are_newest_first_and_bounded(path: Path) -> None:
    values = SettingsFile(path).values
    for number in range(MAX_RECENT + 3):
        values.remember_project(Path(f"/p{number}"), f"/p{number}.jpg")
    values.remember_project(Path("/p5"))
    assert len(values.recent) == MAX_RECENT
    assert (values.recent[0].path, values.recent[0].picture) == ("/p5", "/p5.jpg")
    assert sum(one.path == "/p5" for one in values.recent) == 1
    values.forget_project("/p5")
    assert values.last_project == ""
    assert "/p5" not in {one.path for one in values.recent}


def test_the_prompt_history_has_each_prompt_once(path: Path) -> None:
    values = SettingsFile(path).values
    for text in ("a", "b", " a ", "", "  "):
        values.remember_prompt(text)
    values.remember_prompt("blur", is_negative=True)
    assert values.prompts == ["b", "a"]
    assert values.negative_prompts == ["blur"]
    for number in range(2 * MAX_PROMPTS):
        values.remember_prompt(str(number))
    assert len(values.prompts) == MAX_PROMPTS
    assert values.prompts[-1] == str(2 * MAX_PROMPTS - 1)


@given(st.binary(max_size=200))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_can_be_read(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    file = SettingsFile(path)
    file.save()
    assert SettingsFile(path).values == file.values
