"""The texts that dune may read its rules from: the dune files of a tree, and those that they include."""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from lsp_aid.ces.checkout import BUILD_FOLDER
from lsp_aid.ocaml import dune_file
from lsp_aid.ocaml.dune_file import Group, Node, Word

_NAMES = ("dune", "dune-project", "dune-workspace", "dune-file", "jbuild")
_LONGEST = 10_000_000
_UNREAD = "(dynamic_include unread)"
"""In the place of a text that cannot be read here."""
_CRAM_SINCE = (3, 0)
"""The version of dune's language from which on folders `name.t` are cram tests where the project says nothing."""


def read(tree: Path) -> dict[Path, str]:
    """All texts that dune may read. Folders of cram tests (`name.t`) hold projects of their own."""
    texts: dict[Path, str] = {}
    cram: dict[Path, bool] = {}
    for path, folders, names in os.walk(tree):
        here = Path(path)
        cram[here] = cram.get(here.parent, False)
        if "dune-project" in names:
            _with_included(tree, here / "dune-project", texts)
            cram[here] = _has_cram(texts[here / "dune-project"])
        folders[:] = [name for name in folders if name != BUILD_FOLDER and not (cram[here] and name.endswith(".t"))]
        for name in names:
            if name in _NAMES or name.endswith((".inc", ".opam", ".sexp")):
                _with_included(tree, here / name, texts)
    return texts


def _with_included(tree: Path, path: Path, texts: dict[Path, str]) -> None:
    """Adds the text of a dune file and of those that it includes. What is not to be read may say anything."""
    if path in texts:
        return
    try:
        status = path.lstat()
        is_small = stat.S_ISREG(status.st_mode) and status.st_size <= _LONGEST
        texts[path] = path.read_text(encoding="utf-8", errors="replace") if is_small else _UNREAD
    except OSError:
        texts[path] = _UNREAD
    for name in _included(texts[path], path.parent) if path.suffix != ".opam" else ():
        if name is not None and name.is_relative_to(tree):
            _with_included(tree, name, texts)
        else:
            texts[path] += _UNREAD


def _included(text: str, folder: Path) -> list[Path | None]:
    """The files that the text of a dune file includes; None for one that cannot be told."""
    if "include" not in text:
        return []
    nodes, faults = dune_file.parse(text)
    return [*([None] if faults else []), *_named(nodes, folder)]


def _named(nodes: Sequence[Node], folder: Path) -> Iterator[Path | None]:
    for group in (node for node in nodes if isinstance(node, Group)):
        below = folder
        if group.head == "include":
            yield Path(os.path.normpath(folder / group.words[0])) if group.words else None
        elif group.head == "subdir" and group.words:
            below = folder / group.words[0]
        yield from _named(group.items, below)


def _has_cram(project: str) -> bool:
    """Whether the folders `name.t` of a project are none of dune's."""
    words = {group.head: group.words for group in dune_file.stanzas(project)}
    version = words.get("lang", ())[1:]
    since = tuple(map(int, re.findall(r"\d+", version[0]))) if version else ()
    return words.get("cram", ("enable",) if since >= _CRAM_SINCE else ()) == ("enable",)


def aliases(path: Path, text: str) -> frozenset[str]:
    """The names of the aliases that the rules of a dune file may belong to: all words where it cannot be read."""
    if path.suffix == ".opam":  # which has no rules
        return frozenset()
    nodes, faults = dune_file.parse(text)
    if faults:
        return frozenset(re.findall(r"[\w-]+", text))
    groups = [node for node in dune_file.walk(nodes) if isinstance(node, Group) and node.head in ("alias", "aliases")]
    words = [node.value for node in dune_file.walk(groups) if isinstance(node, Word)]
    return frozenset(word.rpartition("/")[2] for word in words)
