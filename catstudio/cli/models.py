"""The command models: which model files this computer has. Light: neither torch nor Qt."""

from __future__ import annotations

import argparse
import signal
import threading
from typing import Any

import msgspec

from catstudio.cli.output import DONE, Output, add_command
from catstudio.core.errors import ModelFileError, NotPossibleError
from catstudio.core.wording import size_text
from catstudio.jobs.context import JobContext
from catstudio.models import ModelEntry, ModelRegistry, network
from catstudio.models.catalogue import KIND_TITLES, SPEED_WORDS, catalogue, wanted
from catstudio.models.downloading import download
from catstudio.models.installed import delete, folder_of, verify


def add_commands(commands: Any) -> None:
    """Register this group."""
    parser = commands.add_parser("models", help="List, show, download, add or remove models.")
    group = parser.add_subparsers(dest="models_command", metavar="COMMAND", required=True)
    list_parser = add_command(group, "list", list_, "The models on this computer.")
    list_parser.add_argument(
        "--catalogue", action="store_true", help="also those that can be downloaded"
    )
    show_parser = add_command(group, "show", show, "What is known of one model.")
    show_parser.add_argument("id")
    download_parser = add_command(
        group, "download", download_, "Fetch a model into the cache that other programs share."
    )
    download_parser.add_argument("id", help="an id of the catalogue, or owner/name on the hub")
    verify_parser = add_command(
        group, "verify", verify_, "Read a downloaded model and compare its hashes."
    )
    verify_parser.add_argument("id", help="an id of the catalogue, or owner/name on the hub")
    add_parser = add_command(group, "add", add, "Check a model's folder or file and list it.")
    add_parser.add_argument(
        "path",
        help="a diffusers folder, or one .safetensors file; also a LoRA, an embedding, a "
        "ControlNet, a decoder",
    )
    remove_parser = add_command(group, "remove", remove, "Take a model off the list; no file goes.")
    remove_parser.add_argument("id")
    remove_parser.add_argument(
        "--files",
        action="store_true",
        help="delete a downloaded model from the cache, for other programs, too",
    )
    network_parser = add_command(
        group, "network", network_, "May downloads reach the network, how?"
    )
    switch = network_parser.add_mutually_exclusive_group()
    switch.add_argument("--offline", action="store_true", help="make no connection at all")
    switch.add_argument("--online", action="store_true", help="allow downloads again")
    network_parser.add_argument("--mirror", metavar="URL", help="instead of the hub; '' for none")
    network_parser.add_argument(
        "--proxy", metavar="URL", help="instead of the system's; '' for none"
    )


def list_(args: argparse.Namespace, output: Output) -> int:
    """``catstudio models list``."""
    entries = ModelRegistry().list()
    for entry in entries:
        output.say(f"{entry.id:<40} {size_text(entry.size):>9}  {entry.kind}  {entry.path}")
    if not entries:
        output.say("No models yet. Seed diffusion needs none; add one: catstudio models add PATH")
    found: dict[str, Any] = {"models": entries}
    if args.catalogue:
        offered = catalogue().models
        for one in offered:
            is_here = one.is_built_in or folder_of(one) is not None
            mark = "here" if is_here else size_text(one.size)
            output.say(f"{one.id:<40} {mark:>9}  {one.kind}  {one.good_for}")
        found["catalogue"] = offered
    output.result(found)
    return DONE


def show(args: argparse.Namespace, output: Output) -> int:
    """``catstudio models show``."""
    offered = catalogue().find(args.id)
    if offered is None or args.id in {entry.id for entry in ModelRegistry().registered()}:
        return _told(ModelRegistry().show(args.id), output)
    words = catalogue().license_of(offered)
    for name, value in (
        ("title", offered.title),
        ("kind", KIND_TITLES[offered.kind]),
        ("good for", offered.good_for),
        ("download", "comes with CatStudio" if offered.is_built_in else size_text(offered.size)),
        ("memory", size_text(offered.memory_cpu or offered.memory_gpu)),
        ("speed", SPEED_WORDS[offered.speed]),
        ("licence", words.title),
        ("training", words.may_train),
        ("selling", words.may_sell),
        ("not yet", offered.not_yet),
    ):
        if value:
            output.say(f"{name:<12} {value}")
    output.result({**msgspec.to_builtins(offered), "license_words": msgspec.to_builtins(words)})
    return DONE


def download_(args: argparse.Namespace, output: Output) -> int:
    """``catstudio models download``. Ctrl-C keeps what has arrived; the next time goes on."""
    cancelled = threading.Event()
    context = JobContext("download", output.progress, cancelled)
    # Ctrl-C raises wherever it strikes; here it is a wish, so that every byte is kept.
    before = signal.signal(signal.SIGINT, lambda *_: cancelled.set())
    try:
        found = download(wanted(args.id), context)
    finally:
        signal.signal(signal.SIGINT, before)
    output.say(f"{found.repo} is whole: {found.files} files, {size_text(found.size)}, {found.path}")
    output.result(msgspec.to_builtins(found))
    return DONE


def network_(args: argparse.Namespace, output: Output) -> int:
    """``catstudio models network``."""
    before = network.read_settings()
    after = network.NetworkSettings(
        is_offline=args.offline or (before.is_offline and not args.online),
        mirror=before.mirror if args.mirror is None else args.mirror,
        proxy=before.proxy if args.proxy is None else args.proxy,
    )
    if after != before:
        network.write_settings(after)
    why = network.why_offline()
    output.say(f"Offline: {why}" if why else f"Online, by {network.endpoint()}.")
    output.result({**msgspec.to_builtins(after), "why_offline": why})
    return DONE


def verify_(args: argparse.Namespace, output: Output) -> int:
    """``catstudio models verify``."""
    found = verify(
        args.id, lambda: None, lambda done, of: output.progress.show(done, of, "Checking")
    )
    if found.problems:
        error = ModelFileError(
            f"{args.id} is damaged: {'; '.join(found.problems)}.",
            f"catstudio models remove {args.id} --files, and download it again.",
        )
        error.result = msgspec.to_builtins(found)
        raise error
    output.say(f"{args.id} is sound: {found.files} files, {size_text(found.size)}.")
    output.result(found)
    return DONE


def add(args: argparse.Namespace, output: Output) -> int:
    """``catstudio models add``."""
    return _told(ModelRegistry().add(args.path), output)


def remove(args: argparse.Namespace, output: Output) -> int:
    """``catstudio models remove``."""
    registered = {one.id for one in ModelRegistry().registered()}
    if args.files and args.id in registered:
        raise NotPossibleError(
            f"The files of {args.id} are your own, and are not deleted here.",
            f"catstudio models remove {args.id} takes it off the list.",
        )
    if args.files:
        repo, freed = delete(args.id)
        output.say(f"{repo} is deleted from the cache: {size_text(freed)} are free again.")
        output.result({"repo": repo, "freed": freed})
        return DONE
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
