"""What the stanzas of a project's dune files say about its modules: whose they are, and which library offers them."""

import itertools
import posixpath
from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from lsp_aid.ocaml import dune_file
from lsp_aid.ocaml.dune_file import Group, Node, Word

_WITH_MODULES = frozenset({"library", "executable", "executables", "test", "tests"})


@frozen
class Stanza:
    """A library, executable or test. `path` is that of its dune file, `folder` that of its modules; `""` is the root.
    `recursive`: it has the modules of the folders below as well."""

    path: str
    folder: str
    recursive: bool
    group: Group

    @property
    def kind(self) -> str:
        return self.group.head

    @property
    def names(self) -> tuple[str, ...]:
        return dune_file.words(self.group, "name") or dune_file.words(self.group, "names")

    @property
    def public_names(self) -> tuple[str, ...]:
        return dune_file.words(self.group, "public_name") or dune_file.words(self.group, "public_names")

    @property
    def libraries(self) -> tuple[str, ...]:
        return dune_file.words(self.group, "libraries")

    @property
    def opens(self) -> tuple[str, ...]:
        """The modules that the flags open in each of its files."""
        fields = (dune_file.field(self.group, name) for name in ("flags", "ocamlc_flags", "ocamlopt_flags"))
        words = [n.value for f in fields if f for n in dune_file.walk(f.arguments) if isinstance(n, Word)]
        return tuple(dict.fromkeys(other for one, other in itertools.pairwise(words) if one == "-open"))

    @property
    def main_module(self) -> str:
        """The module by which others name those of a wrapped library; empty where the stanza has no name."""
        return module_of(next(iter((*self.names, *self.public_names)), "").replace("-", "_"))

    @property
    def is_wrapped(self) -> bool:
        return dune_file.words(self.group, "wrapped") != ("false",)

    def has_module(self, name: str) -> bool:
        """Whether its `(modules ...)` field lets it have the module; what the field includes from a file is let in."""
        modules = dune_file.field(self.group, "modules")
        return modules is None or _within(modules.arguments, name)


def read(dune_files: Mapping[str, str]) -> tuple[Stanza, ...]:
    """The stanzas with modules, from the texts of dune files by path."""
    return tuple(stanza for path, text in sorted(dune_files.items()) for stanza in _in_file(path, text))


def _in_file(path: str, text: str) -> Iterator[Stanza]:
    yield from _in_groups(path, posixpath.dirname(path), dune_file.stanzas(text))


def _in_groups(path: str, folder: str, groups: Sequence[Node]) -> Iterator[Stanza]:
    found = [group for group in groups if isinstance(group, Group)]
    recursive = any(g.head == "include_subdirs" and g.words[:1] in (("unqualified",), ("qualified",)) for g in found)
    for group in found:
        if group.head in _WITH_MODULES:
            yield Stanza(path, folder, recursive, group)
        elif group.head == "subdir" and group.words:
            yield from _in_groups(path, posixpath.join(folder, group.words[0]), group.arguments)


def module_of(path: str) -> str:
    """The name of the module that a file holds: `List_ext` of `lib/list_ext.mli`."""
    stem = posixpath.basename(path).partition(".")[0]
    return stem[:1].upper() + stem[1:]


def owner(path: str, stanzas: Sequence[Stanza]) -> Stanza | None:
    """The stanza that builds an OCaml file."""
    module, folder = module_of(path), posixpath.dirname(path)
    around = [s for s in stanzas if _covers(s, folder) and s.has_module(module)]
    return max(around, key=lambda s: len(s.folder), default=None)


def _covers(stanza: Stanza, folder: str) -> bool:
    if stanza.folder == folder:
        return True
    return stanza.recursive and (not stanza.folder or folder.startswith(stanza.folder + "/"))


def offered_modules(library: Stanza, paths: Sequence[str], stanzas: Sequence[Stanza]) -> frozenset[str]:
    """The modules that a user of the library can name: its main module, or each where it is not wrapped."""
    if library.is_wrapped:
        return frozenset(module_of(name.replace("-", "_")) for name in library.names or library.public_names)
    own = [p for p in paths if p.endswith((".ml", ".mli", ".mll", ".mly")) and _covers(library, posixpath.dirname(p))]
    return frozenset(module_of(p) for p in own if owner(p, stanzas) == library)


def _within(items: Sequence[Node], name: str) -> bool:
    """Whether an ordered set, such as `:standard \\ main`, holds the module."""
    parts: list[list[Node]] = [[]]
    for item in items:
        if isinstance(item, Word) and item.value == "\\":
            parts.append([])
        else:
            parts[-1].append(item)
    first, *taken = parts
    held = any(_holds(item, name) for item in first)
    return held and not any(_holds(item, name) for part in taken for item in part)


def _holds(item: Node, name: str) -> bool:
    if isinstance(item, Word):
        return item.value in (":standard", name) or module_of(item.value) == name
    return item.head == ":include" or _within(item.items, name)
