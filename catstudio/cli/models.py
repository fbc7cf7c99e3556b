"""The command models: which model files this computer has. Light: neither torch nor Qt."""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from catstudio.cli.output import DONE, Output, add_command
from catstudio.core.wording import size_text
from catstudio.models import ModelEntry, ModelRegistry


def add_commands(commands: Any) -> None:
    """Register this group."""
    parser = commands.add_parser("models", help="List, show, add or remove model files.")
    group = parser.add_subparsers(dest="models_command", metavar="COMMAND", required=True)
    add_command(group, "list", list_, "The models on this computer.")
    show_parser = add_command(group, "show", show, "What is known of one model.")
    show_parser.add_argument("id")
    add_parser = add_command(group, "add", add, "Check a model's folder or file and list it.")
    add_parser.add_argument("path", help="a diffusers folder, or one .safetensors file")
    remove_parser = add_command(group, "remove", remove, "Take a model off the list; no file goes.")
    remove_parser.add_argument("id")


def list_(args: argparse.Namespace, output: Output) -> int:
    """``catstudio models list``."""
    entries = ModelRegistry().list()
    for entry in entries:
        output.say(f"{entry.id:<40} {size_text(entry.size):>9}  {entry.kind}  {entry.path}")
    if not entries:
        output.say("No models yet. Seed diffusion needs none; add one: catstudio models add PATH")
    output.result({"models": entries})
    return DONE


def show(args: argparse.Namespace, output: Output) -> int:
    """``catstudio models show``."""
    return _told(ModelRegistry().show(args.id), output)


def add(args: argparse.Namespace, output: Output) -> int:
    """``catstudio models add``."""
    return _told(ModelRegistry().add(args.path), output)


def remove(args: argparse.Namespace, output: Output) -> int:
    """``catstudio models remove``."""
    entry = ModelRegistry().remove(args.id)
    output.say(f"{entry.id} is off the list; its files stay at {entry.path}.")
    output.result(entry)
    return DONE


def _told(entry: ModelEntry, output: Output) -> int:
    for name, value in msgspec.structs.asdict(entry).items():
        if value not in ("", 0):
            shown = size_text(value) if name == "size" else value
            output.say(f"{name.replace('_', ' '):<12} {shown}")
    output.result(entry)
    return DONE
