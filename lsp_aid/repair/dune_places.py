"""The dune files of a project, and places in them: what the families share that repair these files."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from attrs import field, frozen

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.ports import View
from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.ocaml import dune_file, dune_stanzas
from lsp_aid.ocaml.dune_file import Group, Node, Word
from lsp_aid.ocaml.dune_stanzas import Stanza, module_of
from lsp_aid.repair.family import Problem
from lsp_aid.repair.places import text_of

_WRITES = ("with-stdout-to", "with-stderr-to", "with-outputs-to", "write-file")
_COPIES = ("copy", "copy#")
SOURCES = (".ml", ".mli", ".mll", ".mly", ".re", ".rei")


@frozen
class Dunes:
    """The dune files of the project, and what stands in them."""

    texts: Mapping[str, str]
    paths: Sequence[str]
    stanzas: Sequence[Stanza] = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "stanzas", dune_stanzas.read(self.texts))

    def stanza_around(self, path: str, offset: int) -> Stanza | None:
        around = (s for s in self.stanzas if s.path == path and s.group.start <= offset < s.group.end)
        return next(around, None)

    def adding(self, needs: Sequence[tuple[Stanza, str]], name: str = "libraries") -> ChangeSet:
        """The change that adds each word to a field of its stanza."""
        texts = dict(self.texts)
        for stanza, word in dict.fromkeys(needs):
            number = [s for s in self.stanzas if s.path == stanza.path].index(stanza)
            text = texts[stanza.path]
            now = dune_stanzas.read({stanza.path: text})[number]  # its places, after what was added before
            texts[stanza.path] = apply_text_edits(text, [dune_file.add_to_field(text, now.group, name, word)])
        return ChangeSet.of(FileChange(path, self.texts[path], after) for path, after in texts.items())

    def editing(self, edits: Mapping[str, Sequence[TextEdit]]) -> ChangeSet:
        """The change that makes these edits to the dune files."""
        changed = (
            FileChange(path, self.texts[path], apply_text_edits(self.texts[path], list(dict.fromkeys(some))))
            for path, some in edits.items()
        )
        return ChangeSet.of(changed)

    def modules_beside(self, stanza: Stanza) -> dict[str, str]:
        """The modules of the stanza's folder, and of those below where it has them: the path of each by its name."""
        return {module_of(p): p for p in self.paths if p.endswith(SOURCES) and covers(stanza, p)}

    @property
    def library_names(self) -> Iterator[str]:
        for stanza in self.stanzas:
            if stanza.kind == "library":
                yield from (*stanza.names, *stanza.public_names)


def covers(stanza: Stanza, path: str) -> bool:
    """Whether the file is in a folder whose modules the stanza may have."""
    folder = posixpath.dirname(path)
    if folder == stanza.folder:
        return True
    return stanza.recursive and (not stanza.folder or folder.startswith(stanza.folder + "/"))


def read_dunes(view: View) -> Dunes:
    paths = view.paths()
    read = {path: text_of(view, path) for path in paths if posixpath.basename(path) == "dune"}
    return Dunes({path: text for path, text in read.items() if text is not None}, paths)


def module_of_listed(dunes: Dunes, problem: Problem, name: str) -> Stanza | None:
    """The library of the stanza that the error is in which has a module of that name."""
    path = problem.diagnostic.path
    user = dunes.stanza_around(path, problem.start) if path in dunes.texts else None
    listed = user.libraries if user is not None else ()
    for library in dunes.stanzas:
        if library.kind == "library" and {*library.names, *library.public_names} & set(listed):
            own = (p for p in dunes.paths if p.endswith(SOURCES) and dune_stanzas.owner(p, dunes.stanzas) == library)
            if module_of(name) in map(module_of, own):
                return library
    return None


def is_dune_file(path: str) -> bool:
    """Whether the file is one of s-expressions that dune reads."""
    name = posixpath.basename(path)
    return name in ("dune", "dune-project", "dune-workspace") or name.endswith(".inc")


def described(stanza: Stanza) -> str:
    """What a title calls it: ``the library `shop` ``."""
    name = next(iter((*stanza.names, *stanza.public_names)), "")
    return f"the {stanza.kind} `{name}`" if name else f"the {stanza.kind}"


def file_name(module: str) -> str:
    """The module as dune files name it: `list_ext` for `List_ext`."""
    return module[:1].lower() + module[1:]


def word_at(problem: Problem) -> Word | None:
    """The word of the dune file that the error points at."""
    nodes, _ = dune_file.parse(problem.source.text)
    found = (
        n for n in dune_file.walk(nodes) if isinstance(n, Word) and n.start <= problem.start < max(n.end, n.start + 1)
    )
    return next(found, None)


def groups_at(problem: Problem) -> tuple[Group, ...]:
    """The groups around the place of the error, outermost first."""
    nodes, _ = dune_file.parse(problem.source.text)
    return dune_file.around(nodes, problem.start)


def words_of(node: Node) -> Iterator[Word]:
    """All the words within a node."""
    return (inner for inner in dune_file.walk([node]) if isinstance(inner, Word))


def written(text: str, node: Node) -> str:
    """The node as it stands in the text, on one line, for a title."""
    words = " ".join(text[node.start : node.end].split())
    return words if len(words) <= 60 else words[:57] + "..."


def files_written(action: Group) -> Iterator[Word]:
    """The files that an action writes."""
    for node in dune_file.walk([action]):
        if isinstance(node, Group) and len(node.items) > 1:
            at = 1 if node.head in _WRITES else 2 if node.head in _COPIES else 0
            if at and len(node.items) > at and isinstance(word := node.items[at], Word) and "%{" not in word.value:
                yield word


def made(dunes: Dunes) -> Iterator[str]:
    """The files that rules and programs of the project make."""
    for path, text in dunes.texts.items():
        folder = posixpath.dirname(path)
        for stanza in dune_file.stanzas(text):
            if stanza.head == "rule":
                fields = (dune_file.field(stanza, head) for head in ("target", "targets", "action"))
                words = [w for f in fields if f for w in (files_written(f) if f.head == "action" else words_of(f))]
                yield from (posixpath.join(folder, w.value) for w in words if "." in w.value and "%{" not in w.value)
    for one in dunes.stanzas:
        if one.kind in ("executable", "executables", "test", "tests"):
            yield from (posixpath.join(one.folder, f"{name}.exe") for name in one.names)


def project_file(view: View, path: str) -> str | None:
    """The `dune-project` file that a file of the project is under: that of its folder, or of the nearest one above."""
    folder = posixpath.dirname(path)
    while True:
        found = posixpath.join(folder, "dune-project")
        if view.exists(found):
            return found
        if not folder:
            return None
        folder = posixpath.dirname(folder)
