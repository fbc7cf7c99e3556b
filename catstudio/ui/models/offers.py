"""What the models room lists: the catalogue, and how each entry stands on this computer. No Qt."""

from __future__ import annotations

import psutil
from msgspec import Struct

from catstudio.core.wording import size_text
from catstudio.models.catalogue import KIND_TITLES, SPEED_WORDS, CatalogueEntry, License, catalogue
from catstudio.models.installed import folder_of
from catstudio.models.repo_cache import RepoCache


class Offer(Struct, frozen=True):
    """One entry with its licence; ``is_here`` whole, or ``begun`` bytes of it; ``doubt`` says why
    this computer may be too small, or ""."""

    entry: CatalogueEntry
    license: License
    is_here: bool
    begun: int
    doubt: str

    @property
    def state(self) -> str:
        """In a word or two."""
        if self.entry.is_built_in:
            return "built in"
        if self.is_here:
            return "here"
        return f"{size_text(self.begun)} begun" if self.begun else size_text(self.entry.size)

    def facts(self) -> list[tuple[str, str]]:
        """What a person wants to know before fetching it: (name, words) pairs."""
        entry = self.entry
        memory = entry.memory_cpu or entry.memory_gpu
        pairs = [
            ("Kind", KIND_TITLES[entry.kind]),
            ("Download", "comes with CatStudio" if entry.is_built_in else size_text(entry.size)),
            ("Memory", f"about {size_text(memory)}"),
            ("Speed", SPEED_WORDS[entry.speed]),
            ("Made for", f"{entry.native_size} px"),
            ("Licence", self.license.title),
            ("May I train on what it makes?", self.license.may_train),
            ("May I sell?", self.license.may_sell),
            ("Not yet", entry.not_yet),
        ]
        return [(name, words) for name, words in pairs if words]


def read_offers() -> list[Offer]:
    """All offers, in the catalogue's order. Looks into the cache: not for the window's thread."""
    memory = psutil.virtual_memory().total
    return [_offer(entry, memory) for entry in catalogue().models]


def _offer(entry: CatalogueEntry, memory: int) -> Offer:
    doubt = ""
    if entry.memory_cpu > memory:
        doubt = (
            f"It needs about {size_text(entry.memory_cpu)} of memory; this computer has "
            f"{size_text(memory)}."
        )
    cache = RepoCache(entry.repo) if entry.repo else None
    begun = cache.begun() if cache is not None else 0
    is_here = folder_of(entry) is not None
    license_ = catalogue().license_of(entry)
    begun = 0 if is_here else begun
    return Offer(entry, license_, entry.is_built_in or is_here, begun, doubt)
