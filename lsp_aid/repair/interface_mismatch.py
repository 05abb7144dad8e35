"""An .ml and its .mli that do not agree, or an .mli that does not export what other modules ask for.

What the .mli promises and the .ml lacks is copied where it is whole there (exceptions, types), taken from a definition
of a like name, or offered as a skeleton. Nothing is ever taken out of an .mli: others may rely on it.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence

from attrs import evolve, frozen

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Item, Syntax
from lsp_aid.repair import interface_types as types
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.interface_declarations import brought_to
from lsp_aid.repair.interface_exports import Module, asked_by_name, asked_by_signature, item_of, module_at, within
from lsp_aid.repair.interface_modules import is_of_module_types
from lsp_aid.repair.interface_places import inserted
from lsp_aid.repair.interface_skeletons import defined
from lsp_aid.repair.layout import line_start, newline, starts_line
from lsp_aid.repair.one_token.language import class_of, code_of, parts
from lsp_aid.repair.places import text_of
from lsp_aid.repair.similarity import similarity
from lsp_aid.repair.unbound_elsewhere import asked_for

_CLOSE = 0.75
_MOST_TYPES = 3
_CHARACTERS_AT_MOST = 1_000_000


@frozen
class _Way:
    """One way to settle one entry of a mismatch."""

    title: str
    weight: float
    edits: tuple[tuple[str, TextEdit], ...]  # the path of each edit with it
    kind: Kind = Kind.FIX


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    match message:
        case messages.SignatureMismatch() if not message.interface:
            return await asked_by_signature(problem, message)
        case messages.SignatureMismatch():
            module = module_at(problem, posixpath.splitext(problem.diagnostic.path)[0] + ".ml")
            is_elsewhere = is_of_module_types(problem.diagnostic.flat_message)
            return list(_settled(problem, module, message)) if module and not is_elsewhere else []
        case messages.UnboundName(sort="value" | "type constructor" | "constructor" | "record field"):
            return await asked_by_name(problem, message)
    return []


def _change(problem: Problem, edits: Sequence[tuple[str, TextEdit]]) -> ChangeSet:
    changes = []
    for path in dict.fromkeys(path for path, _ in edits):
        before = problem.view.read(path)
        after = apply_text_edits(before, [edit for where, edit in edits if where == path])
        changes.append(FileChange(path, before, after))
    return ChangeSet.of(changes)


# --- what the two files disagree about ---


def _settled(problem: Problem, module: Module, message: messages.SignatureMismatch) -> Iterator[Candidate]:
    """The best way for all entries together, then others for one of them at a time."""
    ways = [list(_ways(problem, module, entry)) for entry in message.entries]
    ways = [sorted(found, key=lambda way: (way.kind is Kind.SKELETON, -way.weight)) for found in ways if found]
    if not ways:
        return
    best = [found[0] for found in ways]
    yield _together(problem, best)
    for number, found in enumerate(ways):
        for other in found[1:]:
            yield _together(problem, [*best[:number], other, *best[number + 1 :]])


def _together(problem: Problem, ways: Sequence[_Way]) -> Candidate:
    edits = dict.fromkeys(edit for way in ways for edit in way.edits)
    kind = next((k for k in (Kind.SKELETON, Kind.GUESS) if any(way.kind is k for way in ways)), Kind.FIX)
    title = "; ".join(dict.fromkeys(way.title for way in ways))
    return Candidate(title, _change(problem, list(edits)), min(way.weight for way in ways), kind)


def _ways(problem: Problem, module: Module, entry: messages.NotProvided | messages.Mismatch) -> Iterator[_Way]:
    if entry.within:
        inner: Module | None = module
        for name in entry.within:
            inner = within(inner, name) if inner is not None else None
        if inner is not None:
            yield from _ways_within(problem, inner, entry)
        if isinstance(entry, messages.NotProvided):
            yield from _written_within(module, entry)
    elif isinstance(entry, messages.NotProvided):
        if entry.sort == "value":
            yield from _like_named(problem, module, entry.name)
        else:
            yield from _copied(module, entry)
            yield from _named_otherwise(module, entry.name)
        yield from _to_be_written(module, entry)
    elif entry.sort == "value":
        yield from _retyped(module, entry)
    elif entry.sort == "type declaration":
        yield from _redeclared(module, entry.name)


def _ways_within(problem: Problem, inner: Module, entry: messages.NotProvided | messages.Mismatch) -> Iterator[_Way]:
    """The same of a module within, whose texts are parts of the files."""
    starts = {inner.ml.path: inner.code, inner.mli.path: inner.start}
    for way in _ways(problem, inner, evolve(entry, within=())):
        if way.kind is not Kind.SKELETON:
            placed = [(p, evolve(e, start=e.start + starts[p], end=e.end + starts[p])) for p, e in way.edits]
            yield evolve(way, edits=tuple(placed))


def _item(tree: Syntax, name: str, kind: str) -> Item | None:
    return next((item for item in tree.items if item.name == name and item.kind == kind), None)


def _like_named(problem: Problem, module: Module, name: str) -> Iterator[_Way]:
    """A definition of nearly this name that the .mli does not have, or what others ask for by its own name."""
    asked = asked_for(problem, module.name)
    specification = _item(module.mli, name, "value")
    for item in module.ml.items:
        closeness = similarity(item.name, name)
        if item.kind != "value" or closeness < _CLOSE or item_of(module.mli, item.name, "value"):
            continue
        renamed = tuple((module.ml.path, edit) for edit in _renaming(module.ml, item.name, name))
        title = f"Rename `{item.name}` to `{name}`"
        is_known = item.name in asked or _is_misspelt(problem, module, name, item.name)
        yield _Way(title, (0.3 if is_known else 0.9) * closeness, renamed)
        named = specification.node.child("value_name") if specification else None
        if named and is_known:
            edit = TextEdit(named.start, named.end, item.name)
            yield _Way(
                f"Rename `{name}` to `{item.name}` in the interface", 0.9 * closeness, ((module.mli.path, edit),)
            )


def _is_misspelt(problem: Problem, module: Module, name: str, other: str) -> bool:
    """Whether other files use the other name and not this one; or a word of the name is in no other name of the
    project, unlike all those of the other."""
    used: set[str] = set()
    found: dict[str, set[str]] = {part: set() for part in (*parts(name), *parts(other))}
    left = _CHARACTERS_AT_MOST
    for path in (path for path in problem.view.paths() if path.endswith((".ml", ".mli"))):
        text = text_of(problem.view, path) if left > 0 else None
        left -= len(text or "")
        names = {token.text for token in code_of(text) if class_of(token.text) in ("x", "C")} if text else set()
        if path not in (module.ml.path, module.mli.path):
            used |= names & {name, other}
        for one in names:
            for part in found.keys() & parts(one):
                found[part].add(one)
    is_odd = any(len(found[part]) < 2 for part in parts(name)) and all(len(found[part]) > 1 for part in parts(other))
    return used == {other} or (is_odd and not used)


def _renaming(tree: Syntax, old: str, new: str) -> Iterator[TextEdit]:
    for node in tree.walk("value_name", "value_pattern"):
        qualified = node.parent is not None and node.parent.kind == "value_path" and "." in node.parent.text
        if node.text == old and not node.named_children and not qualified:
            yield TextEdit(node.start, node.end, new)


def _to_be_written(module: Module, entry: messages.NotProvided) -> Iterator[_Way]:
    item = _item(module.mli, entry.name, _WRITTEN.get(entry.sort, ""))
    text = defined(item.node if item.kind == "value" else item.definition) if item else None
    if item is not None and text is not None:
        text = text.replace("\n", newline(module.ml.text))
        edit = inserted(module.ml, text, entry.name, module.mli, item.kind)
        what = "" if item.kind == "value" else f"the {item.kind} "
        yield _Way(f"Define {what}`{entry.name}`, to be written", 0.5, ((module.ml.path, edit),), Kind.SKELETON)


def _written_within(module: Module, entry: messages.NotProvided) -> Iterator[_Way]:
    """The same in a module of the file, at its end."""
    path, kind = ".".join((*entry.within, entry.name)), _WRITTEN.get(entry.sort, "")
    item = next((i for i in module.mli.declared if i.path == path and i.kind == kind), None)
    around = next((i for i in module.ml.declared if i.path == ".".join(entry.within) and i.kind == "module"), None)
    body = around.node.field("body") if around else None
    end = body.child("end") if body is not None and body.kind == "structure" else None
    if item is None or body is None or end is None:
        return
    text = defined(item.node if item.kind == "value" else item.definition)
    if text is None:
        return
    source = module.ml.text
    if starts_line(source, end.start):
        indent = source[line_start(source, end.start) : end.start]
        written = f"  {text}{newline(source)}{indent}"
    else:
        written = f"{text} "
    edit = TextEdit(end.start, end.start, written)
    yield _Way(f"Define `{path}`, to be written", 0.5, ((module.ml.path, edit),), Kind.SKELETON)


_WRITTEN = {"value": "value", "type": "type", "module": "module"}


def _named_otherwise(module: Module, name: str) -> Iterator[_Way]:
    """An abstract type may be one that the implementation calls by a name of its own."""
    item = _item(module.mli, name, "type")
    if item is None or item.node.field("body") is not None:
        return
    parameters = [child.text for child in item.node.named_children if child.kind == "type_variable"]
    others = [i for i in module.ml.items if i.kind == "type" and i.name not in module.exported_types]
    for other in others[-_MOST_TYPES:]:
        theirs = [child.text for child in other.node.named_children if child.kind == "type_variable"]
        if len(theirs) == len(parameters):
            head = item.definition.text
            used = other.name if not theirs else f"{head.removeprefix('type').strip().removesuffix(name)}{other.name}"
            at = other.end
            gap = newline(module.ml.text)
            edit = TextEdit(at, at, f"{gap}{head} = {used}")
            title = f"Say that the type `{name}` is `{other.name}`"
            yield _Way(title, 0.6, ((module.ml.path, edit),), Kind.GUESS)


_COPIED = {"exception": "exception", "type": "type", "module type": "module type"}


def _copied(module: Module, entry: messages.NotProvided) -> Iterator[_Way]:
    """What is whole in the .mli is the definition."""
    item = _item(module.mli, entry.name, _COPIED.get(entry.sort, ""))
    if item is None or (item.kind == "type" and item.node.field("body") is None):
        return
    edit = inserted(module.ml, item.definition.text, item.name, module.mli, item.kind)
    yield _Way(f"Define the {item.kind} `{item.name}` as the interface does", 0.85, ((module.ml.path, edit),))


def _retyped(module: Module, entry: messages.Mismatch) -> Iterator[_Way]:
    specification = _item(module.mli, entry.name, "value")
    written = specification.node.field("type") if specification else None
    given = types.type_of(entry.given)
    if written is None or given is None or "'_" in entry.given:
        return
    known = types.abbreviations(module.ml)
    special = types.type_of(f"val x : {types.as_special_as(written, given)}")
    edits = _nameable(module, types.update(written, special or given, known, module.exported_types))
    if edits and special is not None and special.text != given.text:
        title = f"Change the type of `{entry.name}` in the interface"
        yield _Way(title, 0.78, tuple((module.mli.path, edit) for edit in edits))
        edits = _nameable(module, types.update(written, given, known, module.exported_types))
    if edits:
        title = f"Change the type of `{entry.name}` in the interface"
        title += ", as general as it is" if special is not None and special.text != given.text else ""
        yield _Way(title, 0.75, tuple((module.mli.path, edit) for edit in edits))


def _nameable(module: Module, edits: Sequence[TextEdit]) -> list[TextEdit]:
    """The edits without those that name a module of the implementation alone: what is written there is that type."""
    inside = {i.name for i in module.ml.items if i.kind == "module"} - {
        i.name for i in module.mli.items if i.kind == "module"
    }
    return [edit for edit in edits if not any(name in inside for name in re.findall(r"\b([A-Z][\w']*)\.", edit.text))]


def _redeclared(module: Module, name: str) -> Iterator[_Way]:
    """Each declaration of the type may be the one that is meant; the newer one is more often that in the .ml."""
    ours, theirs = _item(module.ml, name, "type"), _item(module.mli, name, "type")
    if ours is None or theirs is None:
        return
    for new, old, file, weight in ((ours, theirs, module.mli, 0.75), (theirs, ours, module.ml, 0.45)):
        edits = tuple((file.path, edit) for edit in brought_to(old.node, new.node))
        where = "interface" if file is module.mli else "implementation"
        yield _Way(f"Declare the type `{name}` in the {where} as the other file does", weight, edits)
