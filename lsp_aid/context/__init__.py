"""Sources of context: which texts of the project a model needs for a task. One file per source."""

from collections.abc import Sequence
from types import ModuleType

from lsp_aid.context import counterpart, dune_files, here, interfaces, named, tests
from lsp_aid.context.focus import Focus
from lsp_aid.prompts.excerpt import Excerpt

SOURCES: tuple[ModuleType, ...] = (here, named, counterpart, dune_files, tests, interfaces)
"""Each has `excerpts(focus) -> Iterable[Excerpt]`. A file that two of them offer is taken from the first."""


def gather(focus: Focus) -> Sequence[Excerpt]:
    """What all sources offer, each file once. Only sources of OCaml and dune: nothing from hidden files, nothing from
    files that look like secrets. Reads files, so it belongs in a thread.

    Raises FileUnreadableError for the file at hand; other files that cannot be read are passed over.
    """
    found: dict[str, Excerpt] = {}
    for source in SOURCES:
        for excerpt in source.excerpts(focus):
            found.setdefault(excerpt.path, excerpt)
    return tuple(found.values())
