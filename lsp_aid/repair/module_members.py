"""What a module lacks that is given to a functor, packed, or said to be of a module type.

    module Key = struct type t = int end          module Key = struct type t = int let compare = compare end
    module M = Map.Make (Key)

What everybody defines in one way is defined so, and what modules beside it make of their names; a type may be there
under another name; anything else is a skeleton, and a person has to write it.
"""

from collections.abc import Iterator, Sequence

from attrs import evolve

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.syntax import Item, Node, Syntax
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.interface_places import inserted
from lsp_aid.repair.interface_skeletons import defined
from lsp_aid.repair.layout import line_start, newline, starts_line
from lsp_aid.repair.members_by_type import MODULES, Way, member_types, of_basic_type, of_same_type
from lsp_aid.repair.named_by_module import named_by_module
from lsp_aid.repair.places import file_of_module, node_of, text_of, tree
from lsp_aid.repair.similarity import similarity
from lsp_aid.repair.synonyms import mean_the_same

_USUAL = {
    "compare": ("compare", "compare"),
    "equal": ("( = )", "equal"),
    "hash": ("Hashtbl.hash", "hash"),
}
"""What is written for a type that is not another module's, and what it is called in that one's module."""
_OF = {"compare": "{0} -> {0} -> int", "equal": "{0} -> {0} -> bool", "hash": "{0} -> int"}
_FILES_AT_MOST = 400
_CLOSE = 0.5
_MISSPELT = 0.7
_WRITTEN = {"value": "value", "type": "type", "module": "module"}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.SignatureMismatch) or message.interface:
        return ()
    lacks = [e for e in message.entries if isinstance(e, messages.NotProvided) and not e.within]
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None or not lacks or len(lacks) < len(message.entries):
        return ()
    place = _structure(problem, syntax, node)
    if place is None:
        return ()
    structure, name = place
    own = {(i.kind, i.name) for i in structure.syntax.declared if _is_directly_in(i, structure)}
    if any((entry.sort, entry.name) in own for entry in lacks):  # the interface does not show it
        return ()
    ways = [list(_ways(problem, syntax, structure, entry)) for entry in lacks]
    for found, entry in zip(ways, lacks, strict=True):
        if entry.sort == "value" and not any(way.edits for way in found):
            found[:0] = of_same_type(problem, structure, name, entry.name)
        found.sort(key=lambda way: (way.kind is Kind.SKELETON, -way.weight))
    if not all(ways):
        return ()
    best = [found[0] for found in ways]
    chosen = [best, *([*best[:n], other, *best[n + 1 :]] for n, found in enumerate(ways) for other in found[1:])]
    return [_candidate(problem, structure, name, together) for together in chosen]


def _candidate(problem: Problem, structure: Node, name: str, ways: Sequence[Way]) -> Candidate:
    kind = Kind.SKELETON if any(way.kind is Kind.SKELETON for way in ways) else Kind.FIX
    title = "; ".join(way.title for way in ways)
    texts = [way.text for way in ways if not way.edits]
    edits = [edit for way in ways for edit in way.edits]
    change = _changed(problem, structure, texts, edits)
    shown = [way.shown for way in ways if way.shown is not None]
    others = [(f"{structure.syntax.path}i", edit) for edit in shown]
    others += [pair for way in ways for pair in way.elsewhere]
    for path in dict.fromkeys(path for path, _ in others):
        more = problem.edit(*(edit for where, edit in others if where == path), path=path)
        change = ChangeSet.of((*change.files, *more.files))
    where = f" in `{name}`" if name else ""
    return Candidate(f"{title}{where}", change, min(way.weight for way in ways), kind)


# --- where ---


def _structure(problem: Problem, syntax: Syntax, node: Node) -> tuple[Node, str] | None:
    """The structure that the message is about, and its name: written there, or that of the module named there."""
    for around in (node, *node.ancestors()):
        if around.kind == "structure":
            return around, ""
        if around.kind in ("module_application", "module_binding", "package_expression", "module_path"):
            break
    inner = next(iter(node.walk("structure")), None)
    if inner is not None:
        return inner, ""
    paths = [n.text for n in node.walk("module_path") if n.parent is None or n.parent.kind != "module_path"]
    for path in reversed(paths):
        found = _called(problem, syntax, path, node.start)
        if found is not None:
            return found, path
    return None


def _called(problem: Problem, syntax: Syntax, path: str, before: int) -> Node | None:
    items = [i for i in syntax.declared if i.kind == "module" and i.path == path and i.end <= before]
    if items:
        return next(iter(items[-1].node.walk("structure")), None)
    file = file_of_module(problem, path.rpartition(".")[2])
    text = text_of(problem.view, file) if file else None
    return ocaml_syntax.parse(text, file).root if file and text is not None else None


def _changed(problem: Problem, structure: Node, texts: Sequence[str], edits: Sequence[TextEdit]) -> ChangeSet:
    new = [_inserted(structure, texts)] if texts else []
    return problem.edit(*edits, *new, path=structure.syntax.path)


def _inserted(structure: Node, texts: Sequence[str]) -> TextEdit:
    source = structure.syntax.text
    end = structure.child("end")
    gap = newline(source)
    if end is None:  # a whole file
        lead = "" if not source or source.endswith("\n") else gap
        return TextEdit(len(source), len(source), lead + "".join(f"{gap}{text}{gap}" for text in texts))
    if starts_line(source, end.start):
        last = structure.named_children[-1] if structure.named_children else None
        at = last.end if last is not None else structure.start + len("struct")
        indent = source[line_start(source, end.start) : end.start] + "  "
        return TextEdit(at, at, "".join(f"{gap}{indent}{text}" for text in texts))
    return TextEdit(end.start, end.start, "".join(f"{text} " for text in texts))


# --- what ---


def _ways(problem: Problem, syntax: Syntax, structure: Node, entry: messages.NotProvided) -> Iterator[Way]:
    items = [i for i in structure.syntax.declared if _is_directly_in(i, structure)]
    if entry.sort == "value":
        for text, at in named_by_module(problem, structure, entry.name):
            edit = TextEdit(at, at, text)
            shown = _shown_beside(problem, structure, f"val {entry.name} : string", entry.name)
            yield Way(
                "", f"Define `{entry.name}` as other modules do: `{text.strip()}`", 0.93, edits=(edit,), shown=shown
            )
        yield from _like_named(problem, structure, items, entry.name)
        specified = _declared(problem, syntax, entry)
        for way in of_basic_type(problem, structure, entry.name) if entry.name not in _USUAL else ():
            said = specified.definition.text if specified is not None else ""
            yield evolve(way, shown=_shown_beside(problem, structure, said, entry.name) if said else None)
        for way in _usual(items, entry.name):
            type_ = next((i.name for i in items if i.kind == "type"), "t")
            shown = _shown_beside(problem, structure, f"val {entry.name} : {_OF[entry.name].format(type_)}", entry.name)
            yield evolve(way, shown=shown)
    elif entry.sort == "type":
        types = [i for i in items if i.kind == "type"]
        for item in types[-1:]:
            text = f"type {entry.name} = {item.name}"
            yield Way(text, f"Say that the type `{entry.name}` is `{item.name}`", 0.8 if len(types) == 1 else 0.4)
    specification = _declared(problem, syntax, entry)
    if specification is not None:
        is_whole = specification.kind in ("exception", "type") and specification.node.field("body") is not None
        text = defined(specification.definition if specification.kind != "value" else specification.node) or ""
        shown = _shown_beside(problem, structure, specification.definition.text, entry.name)
        if is_whole:
            yield Way(text, f"Define `{entry.name}` as the signature does", 0.8, shown=shown)
        elif text:
            yield Way(text, f"Define `{entry.name}`, to be written", 0.5, Kind.SKELETON, shown=shown)


def _is_directly_in(item: Item, structure: Node) -> bool:
    parent = item.definition.parent
    return parent is not None and (parent.start, parent.end) == (structure.start, structure.end)


def _like_named(problem: Problem, structure: Node, items: Sequence[Item], name: str) -> Iterator[Way]:
    types = member_types(problem, name)
    for item in items:
        if item.kind != "value" or not types.fits(item.name, name):
            continue
        alike = 0.9 if mean_the_same(item.name, name) else similarity(item.name, name)
        is_part = set(item.name.split("_")) < set(name.split("_"))
        if alike < _CLOSE and item.name not in name and name not in item.name:
            continue
        shown = _specification(problem, structure, item.name)
        named = item.node.child("value_name")
        if named is not None and (alike >= _MISSPELT or is_part) and not _is_used(problem, structure, item.name):
            edit = TextEdit(named.start, named.end, name)
            weight = 0.97 * alike if alike >= _MISSPELT else 0.9
            there = shown.node.child("value_name") if shown is not None else None
            beside = TextEdit(there.start, there.end, name) if there is not None else None
            yield Way("", f"Rename `{item.name}` to `{name}`", weight, edits=(edit,), shown=beside)
        beside = None
        if shown is not None:
            text = shown.definition.text.replace(item.name, name, 1)
            beside = TextEdit(shown.definition.end, shown.definition.end, f"{newline(text)}{text}")
        yield Way(f"let {name} = {item.name}", f"Define `{name}` as `{item.name}`", 0.5 + 0.3 * alike, shown=beside)


def _specification(problem: Problem, structure: Node, name: str) -> Item | None:
    """Where the interface of a whole file shows a value."""
    path = f"{structure.syntax.path}i"
    text = text_of(problem.view, path) if structure.parent is None else None
    items = ocaml_syntax.parse(text, path).items if text is not None else ()
    return next((item for item in items if item.kind == "value" and item.name == name), None)


def _shown_beside(problem: Problem, structure: Node, text: str, name: str) -> TextEdit | None:
    """Declares the name at the end of the interface of a whole file, where that has one."""
    path = f"{structure.syntax.path}i"
    interface = text_of(problem.view, path) if structure.parent is None else None
    if interface is None:
        return None
    return inserted(ocaml_syntax.parse(interface, path), text, name, structure.syntax)


def _is_used(problem: Problem, structure: Node, name: str) -> bool:
    """Whether a value is used in its file or, of a whole file, in others."""
    syntax = structure.syntax
    if any(use.text == name for use in syntax.walk("value_path")):
        return True
    path = f"{module_of(syntax.path)}.{name}"
    others = [p for p in problem.view.paths() if p.endswith(".ml") and p != syntax.path] if not structure.parent else []
    return any(path in (text_of(problem.view, other) or "") for other in others[:_FILES_AT_MOST])


def _usual(items: Sequence[Item], name: str) -> Iterator[Way]:
    if name not in _USUAL:
        return
    usual, theirs = _USUAL[name]
    types = [i for i in items if i.kind == "type"]
    body = types[0].node.field("body") if len(types) == 1 else None
    of = body.text if body is not None and body.kind == "type_constructor_path" else ""
    module = of.rpartition(".")[0]
    if module:
        yield Way(f"let {name} = {module}.{theirs}", f"Define `{name}` as `{module}.{theirs}`", 0.85)
    yield Way(f"let {name} = {usual}", f"Define `{name}` as `{usual}`", 0.8)
    if of in MODULES:
        path = f"{MODULES[of]}.{theirs}"
        yield Way(f"let {name} = {path}", f"Define `{name}` as `{path}`", 0.7)


def _declared(problem: Problem, syntax: Syntax, entry: messages.NotProvided) -> Item | None:
    """The entry in the module type, where that is in the project."""
    kind = _WRITTEN.get(entry.sort, entry.sort)
    own = problem.diagnostic.path
    paths = [own, *(p for p in problem.view.paths() if p.endswith((".ml", ".mli")) and p != own)]
    for path in paths[:_FILES_AT_MOST]:
        text = syntax.text if path == own else text_of(problem.view, path)
        if text is None or "sig" not in text or entry.name not in text:
            continue
        for signature in ocaml_syntax.parse(text, path).walk("signature"):
            for item in signature.syntax.declared:
                if item.kind == kind and item.name == entry.name and signature.start < item.start < signature.end:
                    return item
    return None
