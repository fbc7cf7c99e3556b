"""What is shipped beside the code agrees with itself: versions, dependencies, desktop files."""

from __future__ import annotations

import configparser
import re
import subprocess
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import catstudio

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGING = REPOSITORY / "packaging"
ID = "org.catstudio.CatStudio"


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def constraints() -> dict[str, str]:
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", pin) for pin in pins), pins
    return {canonicalize_name(name): version for name, version in (p.split("==") for p in pins)}


def test_tested_versions_satisfy_what_is_declared(project: dict, constraints: dict[str, str]):
    declared = project["dependencies"] + project["optional-dependencies"]["dev"]
    for text in declared:
        requirement = Requirement(text)
        pinned = constraints[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(pinned), (text, pinned)


def test_torch_is_pinned_without_a_build_suffix(constraints: dict[str, str]):
    assert constraints["torch"] == "2.13.0"


def test_every_dependency_says_why():
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    block = text.split("\ndependencies = [", 1)[1].split("\n]", 1)[0]
    lines = [line for line in block.splitlines() if line.strip().startswith('"')]
    assert len(lines) > 10
    assert all("#" in line for line in lines), [line for line in lines if "#" not in line]


def test_desktop_entry_starts_the_window(project: dict):
    entry = configparser.RawConfigParser()
    entry.optionxform = str
    entry.read(PACKAGING / f"{ID}.desktop", encoding="utf-8")
    desktop = entry["Desktop Entry"]
    assert desktop["Exec"].split()[0] in project["gui-scripts"]
    assert desktop["Icon"] == ID
    assert desktop["Terminal"] == "false"


def test_metainfo_names_the_desktop_entry_and_this_version():
    component = ET.parse(PACKAGING / f"{ID}.metainfo.xml").getroot()
    assert component.findtext("id") == ID
    assert component.findtext("launchable") == f"{ID}.desktop"
    assert component.findtext("project_license") == "Apache-2.0"
    releases = [release.get("version") for release in component.iter("release")]
    assert releases[0] == catstudio.__version__


def test_debian_list_holds_package_names():
    text = (PACKAGING / "debian-packages.txt").read_text(encoding="utf-8")
    names = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name) for name in names)


@pytest.mark.parametrize("script", ["packaging/debian-install.sh", ".ci/run"])
def test_scripts_parse(script: str):
    shell = "bash" if script == ".ci/run" else "sh"
    done = subprocess.run([shell, "-n", str(REPOSITORY / script)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
