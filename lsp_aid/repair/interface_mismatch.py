"""An .ml and its .mli that do not agree, or an .mli that does not export what other modules ask for.

Types come from the compiler: to learn that of a value, the .mli is given a wrong one for it in a probe. What the .mli
promises and the .ml lacks is copied where it is whole there (exceptions, types), taken from a definition of a like
name, or offered as a skeleton. Nothing is ever taken out of an .mli: others may rely on it.
"""

import posixpath
from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.ocaml import messages, syntax
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.syntax import Item, Node, Syntax
from lsp_aid.repair import interface_types as types
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.interface_declarations import brought_to
from lsp_aid.repair.interface_instances import instances
from lsp_aid.repair.interface_places import inserted
from lsp_aid.repair.interface_skeletons import defined, in_code
from lsp_aid.repair.layout import line_start, newline, starts_line
from lsp_aid.repair.places import text_of
from lsp_aid.repair.similarity import similarity
from lsp_aid.repair.unbound_elsewhere import asked_for

_PROBE = "[ `Lsp_aid_probe ]"
_CLOSE = 0.75
_MOST_TYPES = 3


@frozen
class _Module:
    """The two files of a module."""

    name: str
    ml: Syntax
    mli: Syntax

    @property
    def exported_types(self) -> list[str]:
        return [item.name for item in self.mli.items if item.kind == "type"]

    @property
    def abstract_types(self) -> list[str]:
        return [i.name for i in self.mli.items if i.kind == "type" and i.node.field("body") is None]


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
        case messages.SignatureMismatch():
            module = _module(problem, _beside(problem.diagnostic.path, ".ml"))
            return list(_settled(problem, module, message)) if module else []
        case messages.UnboundName(sort="value") if message.qualifier:
            return await _exports(problem, message)
        case messages.UnboundName(sort="type constructor") if message.qualifier:
            return list(_type_exports(problem, message))
    return []


def _beside(path: str, extension: str) -> str:
    return posixpath.splitext(path)[0] + extension


def _module(problem: Problem, ml: str) -> _Module | None:
    """The module whose implementation is `ml`; None where it has no interface of its own."""
    mli = _beside(ml, ".mli")
    implementation, interface = text_of(problem.view, ml), text_of(problem.view, mli)
    if implementation is None or interface is None:
        return None
    module = _Module(module_of(ml), syntax.parse(implementation, ml), syntax.parse(interface, mli))
    return None if module.ml.has_error or module.mli.has_error else module


def _change(problem: Problem, edits: Sequence[tuple[str, TextEdit]]) -> ChangeSet:
    changes = []
    for path in dict.fromkeys(path for path, _ in edits):
        before = problem.view.read(path)
        after = apply_text_edits(before, [edit for where, edit in edits if where == path])
        changes.append(FileChange(path, before, after))
    return ChangeSet.of(changes)


# --- what other modules ask for ---


async def _exports(problem: Problem, message: messages.UnboundName) -> list[Candidate]:
    found: list[Candidate] = []
    for module in _modules_called(problem, message.qualifier.rpartition(".")[2]):
        if _declares(module.ml, message.name) and not _declares(module.mli, message.name):
            found += await _export(problem, module, message.name)
    return found


def _modules_called(problem: Problem, name: str) -> Iterator[_Module]:
    for path in problem.view.paths():
        if path.endswith(".ml") and module_of(path) == name and problem.view.exists(path + "i"):
            module = _module(problem, path)
            if module:
                yield module


def _declares(tree: Syntax, name: str, kinds: Sequence[str] = ("value", "external")) -> bool:
    return any(item.name == name and item.kind in kinds for item in tree.items)


async def _export(problem: Problem, module: _Module, name: str) -> list[Candidate]:
    learnt = await _learn(problem, module, name)
    if learnt is None:
        return []
    known = types.abbreviations(module.ml)
    found = []
    as_printed = list(types.variants(learnt, known, module.exported_types))
    plain = [name for name in module.abstract_types if types.is_everyday(name, known)]
    other = [name for name in module.abstract_types if name not in plain]
    texts = (*instances(learnt, known, other), *as_printed, *instances(learnt, known, plain))
    for number, text in enumerate(dict.fromkeys(texts)):
        edit = inserted(module.mli, f"val {in_code(name)} : {text}", name, module.ml)
        change = _change(problem, [(module.mli.path, edit)])
        found.append(Candidate(f"Export `{module.name}.{name} : {text}`", change, 0.9 - 0.03 * number))
    return found


async def _learn(problem: Problem, module: _Module, name: str) -> Node | None:
    """The type of a value, from the compiler."""
    edit = inserted(module.mli, f"val {in_code(name)} : {_PROBE}", name, module.ml)
    result = await problem.probe(_change(problem, [(module.mli.path, edit)]))
    for error in result.errors if result else ():
        message = messages.read(error)
        if isinstance(message, messages.SignatureMismatch):
            for entry in message.entries:
                if isinstance(entry, messages.Mismatch) and entry.name.strip("() ") == name and "'_" not in entry.given:
                    return types.type_of(entry.given)
    return None


def _type_exports(problem: Problem, message: messages.UnboundName) -> Iterator[Candidate]:
    for module in _modules_called(problem, message.qualifier.rpartition(".")[2]):
        item = _item(module.ml, message.name, "type")
        if item is not None and not _declares(module.mli, message.name, ("type",)):
            edit = inserted(module.mli, item.definition.text, item.name, module.ml, "type")
            change = _change(problem, [(module.mli.path, edit)])
            yield Candidate(f"Export the type `{module.name}.{item.name}`", change, 0.7)


# --- what the two files disagree about ---


def _settled(problem: Problem, module: _Module, message: messages.SignatureMismatch) -> Iterator[Candidate]:
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


def _ways(problem: Problem, module: _Module, entry: messages.NotProvided | messages.Mismatch) -> Iterator[_Way]:
    if entry.within:
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


def _item(tree: Syntax, name: str, kind: str) -> Item | None:
    return next((item for item in tree.items if item.name == name and item.kind == kind), None)


def _like_named(problem: Problem, module: _Module, name: str) -> Iterator[_Way]:
    """A definition of nearly this name that the .mli does not have, or what others ask for by its own name."""
    asked = asked_for(problem, module.name)
    specification = _item(module.mli, name, "value")
    for item in module.ml.items:
        closeness = similarity(item.name, name)
        if item.kind != "value" or closeness < _CLOSE or _declares(module.mli, item.name):
            continue
        renamed = tuple((module.ml.path, edit) for edit in _renaming(module.ml, item.name, name))
        title = f"Rename `{item.name}` to `{name}`"
        yield _Way(title, (0.3 if item.name in asked else 0.9) * closeness, renamed)
        named = specification.node.child("value_name") if specification else None
        if named and item.name in asked:
            edit = TextEdit(named.start, named.end, item.name)
            yield _Way(
                f"Rename `{name}` to `{item.name}` in the interface", 0.9 * closeness, ((module.mli.path, edit),)
            )


def _renaming(tree: Syntax, old: str, new: str) -> Iterator[TextEdit]:
    for node in tree.walk("value_name", "value_pattern"):
        qualified = node.parent is not None and node.parent.kind == "value_path" and "." in node.parent.text
        if node.text == old and not node.named_children and not qualified:
            yield TextEdit(node.start, node.end, new)


def _to_be_written(module: _Module, entry: messages.NotProvided) -> Iterator[_Way]:
    item = _item(module.mli, entry.name, _WRITTEN.get(entry.sort, ""))
    text = defined(item.node if item.kind == "value" else item.definition) if item else None
    if item is not None and text is not None:
        text = text.replace("\n", newline(module.ml.text))
        edit = inserted(module.ml, text, entry.name, module.mli, item.kind)
        what = "" if item.kind == "value" else f"the {item.kind} "
        yield _Way(f"Define {what}`{entry.name}`, to be written", 0.5, ((module.ml.path, edit),), Kind.SKELETON)


def _written_within(module: _Module, entry: messages.NotProvided) -> Iterator[_Way]:
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


def _named_otherwise(module: _Module, name: str) -> Iterator[_Way]:
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


def _copied(module: _Module, entry: messages.NotProvided) -> Iterator[_Way]:
    """What is whole in the .mli is the definition."""
    item = _item(module.mli, entry.name, _COPIED.get(entry.sort, ""))
    if item is None or (item.kind == "type" and item.node.field("body") is None):
        return
    edit = inserted(module.ml, item.definition.text, item.name, module.mli, item.kind)
    yield _Way(f"Define the {item.kind} `{item.name}` as the interface does", 0.85, ((module.ml.path, edit),))


def _retyped(module: _Module, entry: messages.Mismatch) -> Iterator[_Way]:
    specification = _item(module.mli, entry.name, "value")
    written = specification.node.field("type") if specification else None
    given = types.type_of(entry.given)
    if written is None or given is None or "'_" in entry.given:
        return
    known = types.abbreviations(module.ml)
    special = types.type_of(f"val x : {types.as_special_as(written, given)}")
    edits = types.update(written, special or given, known, module.exported_types)
    if edits and special is not None and special.text != given.text:
        title = f"Change the type of `{entry.name}` in the interface"
        yield _Way(title, 0.78, tuple((module.mli.path, edit) for edit in edits))
        edits = types.update(written, given, known, module.exported_types)
    if edits:
        title = f"Change the type of `{entry.name}` in the interface"
        title += ", as general as it is" if special is not None and special.text != given.text else ""
        yield _Way(title, 0.75, tuple((module.mli.path, edit) for edit in edits))


def _redeclared(module: _Module, name: str) -> Iterator[_Way]:
    """Each declaration of the type may be the one that is meant; the newer one is more often that in the .ml."""
    ours, theirs = _item(module.ml, name, "type"), _item(module.mli, name, "type")
    if ours is None or theirs is None:
        return
    for new, old, file, weight in ((ours, theirs, module.mli, 0.75), (theirs, ours, module.ml, 0.45)):
        edits = tuple((file.path, edit) for edit in brought_to(old.node, new.node))
        where = "interface" if file is module.mli else "implementation"
        yield _Way(f"Declare the type `{name}` in the {where} as the other file does", weight, edits)
