"""Every command that the guides print can be typed as it stands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from catstudio.cli.main import build_parser, command_names

REPOSITORY = Path(__file__).resolve().parents[2]


def _printed(name: str) -> list[str]:
    """The ``catstudio COMMAND ...`` lines in the code blocks of a guide."""
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.startswith("catstudio ")]


@pytest.mark.parametrize("guide", ["README.md", "docs/user.md"])
def test_printed_commands_parse(guide: str):
    parser = build_parser()
    commands = [shlex.split(line, comments=True)[1:] for line in _printed(guide)]
    typed = [words for words in commands if words[0] in command_names(parser)]
    assert len(typed) >= 3
    for words in typed:
        parser.parse_args(words)
    for words in commands:
        assert words[0] in command_names(parser) or words[0].endswith(".catstudio")


def test_the_guide_names_every_command():
    text = (REPOSITORY / "docs" / "user.md").read_text(encoding="utf-8")
    for command in command_names(build_parser()):
        assert f"| `{command} " in text or f"| `{command}`" in text
