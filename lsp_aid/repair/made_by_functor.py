"""A module that is made by a functor now, or no longer: who uses it makes one for itself, or takes it as it is.

Lru.find cache key          module Lru = Lru.Make (String)      above, where Lru has the functor `Make` alone
(string, int) Lru.t         int Cache.t                         of `module Cache = Lru.Make (String)`, as others call it
module P = Pool.Make (Conn) module P = Pool, or `Pool` for `P`  where Pool has no functor
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Item, Node, Syntax, parse
from lsp_aid.repair.asked_types import EVERYTHING, AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import declared_elsewhere, file_of_module, modules_of, text_of, tree

_USUAL = ("String", "Int", "Char", "Float", "Int64", "Int32", "Bool", "Bytes")
_SORTS = ("value", "type constructor", "constructor", "record field", "module")
_OF_LIBRARY = ("Map.", "Set.", "Hashtbl.", "Stdlib.", "Ephemeron.", "Weak.")
_SHORTEST = 3
_PATHS = ("module_path", "extended_module_path")
_NAMES = ("value_name", "type_constructor", "constructor_name", "field_name", "module_name")
_FILES_AT_MOST = 400
_MOST_ARGUMENTS = 24
_MOST = 4


@frozen
class _Functor:
    """`members` are the names in its result, `arities` how many parameters each type of these has; `others` are the
    names beside it in its module. `of_project`: its parameter is of a module type of the project."""

    name: str
    of_project: bool
    members: frozenset[str]
    arities: Mapping[str, int]
    others: frozenset[str]


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    if not isinstance(message, messages.UnboundName) or message.sort not in _SORTS or syntax is None:
        return ()
    module = message.qualifier
    if not module or problem.diagnostic.path.endswith(".mli"):
        return ()
    if message.sort == "module" and (found := list(_no_functor(problem, syntax, module, message.name))):
        return found
    found = []
    for functor in _functors(problem, module, message.name):
        found += await _made(problem, syntax, module, functor)
    return sorted(found, key=lambda one: -one.weight)[:_MOST]


# --- a functor now ---


async def _made(problem: Problem, syntax: Syntax, module: str, functor: _Functor) -> list[Candidate]:
    asked = await AskedTypes.of(problem)
    if asked is None:
        return []
    own = _called(problem, module, functor)
    narrowed = list(_narrowed(syntax, module, functor.arities))
    edits = [edit for edit, _ in narrowed] + list(_renamed(syntax, module, own, functor))
    changes: dict[str, tuple[ChangeSet, int]] = {}
    keys = [key for _, keys in narrowed for key in keys]
    for argument, at in _arguments(problem, syntax, module, keys, of_project=functor.of_project):
        line = f"module {own} = {module}.{functor.name} ({argument})"
        all_edits = [TextEdit(at, at, f"{line}\n\n" if at == _place(syntax) else f"\n\n{line}"), *edits]
        moved = sum(len(e.text) - (e.end - e.start) for e in all_edits if e.start < problem.end)
        changes.setdefault(line, (problem.edit(*all_edits), problem.end + moved))
    reached = await asked.reached([change.files[0].after or "" for change, _ in changes.values()])
    found: list[Candidate] = []
    is_whole = EVERYTHING in reached
    for (line, (change, end)), far in zip(changes.items(), reached, strict=True):
        if far > end or (far >= end and not is_whole):
            weight = 0.9 if far == EVERYTHING or not is_whole else 0.6
            found.append(Candidate(f"Make one of it: `{line}`", change, max(0.3, weight - 0.05 * len(found))))
    return found


def _functors(problem: Problem, module: str, name: str) -> Iterator[_Functor]:
    """The functors of one parameter whose result has the name."""
    for item, there in _modules_in(problem, module):
        head = item.node.text.partition("sig")[0].partition("struct")[0]
        types, members = _result(item, there)
        takes = re.findall(r"\(\s*(?:_|[A-Z]\w*)\s*:\s*([\w.]*)", head)
        if len(takes) == 1 and name in members:
            arities = {name: sum(c.kind == "type_variable" for c in t.named_children) for name, t in types}
            others = frozenset(other.name for other in there.items)
            of_project = not takes[0].startswith(_OF_LIBRARY)
            yield _Functor(item.name, of_project, frozenset(members), arities, others)


def _result(functor: Item, there: Syntax) -> tuple[list[tuple[str, Node]], set[str]]:
    """The types in a functor's result and the names in it, where that is written or has a module type of the file."""
    declared = [other for other in there.declared if other.within[:1] == (functor.name,)]
    types, members = [other.node for other in declared if other.kind == "type"], {other.name for other in declared}
    signature = _signature(functor.node)
    for definition in there.walk("module_type_definition") if signature else ():
        name = definition.child("module_type_name")
        if name is not None and name.text == signature:
            types += definition.walk("type_binding")
            members |= {node.text for node in definition.walk(*_NAMES)}
    return [(name.text, t) for t in types if (name := t.child("type_constructor")) is not None], members


def _modules_in(problem: Problem, module: str) -> Iterator[tuple[Item, Syntax]]:
    """The modules in a module of the project, as its interface has them, with its tree."""
    path = file_of_module(problem, module.rpartition(".")[2])
    interface = text_of(problem.view, f"{path}i") if path is not None else None
    text = interface if interface is not None else text_of(problem.view, path) if path is not None else None
    if path is None or text is None:
        return
    there = parse(text, f"{path}i" if interface is not None else path)
    yield from ((item, there) for item in there.declared if item.kind == "module" and not item.within)


def _signature(binding: Node) -> str:
    """The module type that a functor's result is said to be of."""
    said = next((c for c in binding.named_children if c.kind in ("module_type_path", "module_type_constraint")), None)
    path = said.text if said is not None and said.kind == "module_type_path" else ""
    if said is not None and said.kind == "module_type_constraint":
        path = said.named_children[0].text
    return path


def _called(problem: Problem, module: str, functor: _Functor) -> str:
    """What other files call one that they make; else the name of the module itself, unless more of it is used."""
    pattern = re.compile(rf"\bmodule ([A-Z][\w']*) = {re.escape(module)}\.{functor.name}\b")
    paths = [path for path in problem.view.paths() if path.endswith(".ml") and path != problem.diagnostic.path]
    names: Counter[str] = Counter(
        name for path in paths[:_FILES_AT_MOST] for name in pattern.findall(text_of(problem.view, path) or "")
    )
    own = module.rpartition(".")[2]
    text = problem.source.text
    for name, _ in names.most_common():
        if not re.search(rf"\b{name}\b", text):
            return name
    used = set(re.findall(rf"\b{re.escape(module)}\.([A-Za-z_][\w']*)", text))
    return f"{own}_made" if used & functor.others - functor.members else own


def _narrowed(syntax: Syntax, module: str, arities: Mapping[str, int]) -> Iterator[tuple[TextEdit, list[str]]]:
    """The types of the module with as many arguments as they have now: what went in front is the functor's own."""
    for type_ in syntax.walk("constructed_type"):
        *given, path = type_.named_children
        before, _, name = path.text.rpartition(".")
        number = len(given) - arities.get(name, len(given))
        if before == module and number > 0:
            left = ", ".join(one.text for one in given[number:])
            text = f"({left}) " if len(given) - number > 1 else f"{left} " if left else ""
            yield TextEdit(type_.start, path.start, text), [one.text for one in given[:number]]


def _renamed(syntax: Syntax, module: str, name: str, functor: _Functor) -> Iterator[TextEdit]:
    for path in syntax.walk(*_PATHS) if name != module else ():
        member = re.match(r"\s*\.\s*([A-Za-z_][\w']*)", syntax.text[path.end :])
        is_made = member is not None and (member[1] in functor.members or member[1] not in functor.others)
        if path.text == module and is_made:
            yield TextEdit(path.start, path.end, name)


def _arguments(
    problem: Problem, syntax: Syntax, module: str, keys: Sequence[str], *, of_project: bool
) -> Iterator[tuple[str, int]]:
    """What the functor may be applied to, and where: first those that the types in the file tell, or its words."""
    front = _place(syntax)
    own = {item.name: item.end for item in syntax.items if item.kind == "module"}
    known = [path for path, _ in modules_of(problem) if path != module]
    of_keys = [key.rpartition(".")[0] if key.endswith(".t") else key.capitalize() for key in keys]
    told = [name for name in of_keys if name in (*own, *known, *_USUAL)]
    inner = [one.short or one.path for one in declared_elsewhere(problem) if one.kind == "module"]
    mentioned = [name for name in (*inner, *known) if of_project and _mentions(problem, syntax, name)]
    usual = [*inner, *known] if of_project else [*_USUAL, *known, *inner]
    for name in list(dict.fromkeys([*told, *mentioned, *own, *usual]))[:_MOST_ARGUMENTS]:
        yield name, own.get(name, front)


def _mentions(problem: Problem, syntax: Syntax, module: str) -> bool:
    """Whether the file speaks of what a module is for, by a word of its text or by the file's own name."""
    word = module.rpartition(".")[2].lower()
    text = f"{problem.diagnostic.path} {syntax.text}".lower()
    return len(word) >= _SHORTEST and re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", text) is not None


def _place(syntax: Syntax) -> int:
    """Behind what the file opens, in front of its first item."""
    items: list[Node] = [node for node in syntax.root.named_children if node.kind != "comment"] if syntax.root else []
    return next((node.start for node in items if node.kind != "open_module"), 0)


# --- no functor any more ---


def _no_functor(problem: Problem, syntax: Syntax, module: str, name: str) -> Iterator[Candidate]:
    """The module itself for what was made of it, where it has what is used of that."""
    inside = [item for item, _ in _modules_in(problem, module)]
    if file_of_module(problem, module.rpartition(".")[2]) is None or any(item.name == name for item in inside):
        return
    made = [one for one in syntax.walk("module_application") if _applied(one) == f"{module}.{name}"]
    made = [one for one in made if one.parent is not None and one.parent.kind != "module_application"]
    if not made or any("module_parameter" in {c.kind for c in item.node.children} for item in inside):
        return
    plain = [TextEdit(one.start, one.end, module) for one in made]
    yield Candidate(f"`{module}` is no functor any more: take it as it is", problem.edit(*plain), 0.88)
    bindings = [one.parent for one in made if one.parent is not None]
    interface = text_of(problem.view, f"{problem.diagnostic.path}i") or ""
    edits: list[TextEdit] = []
    for binding in bindings:
        bound, around = binding.child("module_name"), binding.parent
        is_item = around is not None and around.parent is not None and around.parent.kind == "compilation_unit"
        if binding.kind != "module_binding" or around is None or not is_item or bound is None:
            return
        if re.search(rf"\bmodule {bound.text}\b", interface) or len(binding.named_children) != 2:
            return
        edits.append(_removed(syntax, around))
        uses = [path for path in syntax.walk(*_PATHS) if path.text == bound.text and path.start > binding.end]
        edits += [TextEdit(use.start, use.end, module) for use in uses if bound.text != module]
    title = f"`{module}` is no functor any more: use it itself"
    yield Candidate(title, problem.edit(*edits), 0.92)


def _applied(application: Node) -> str:
    head = application
    while head.kind == "module_application":
        head = head.named_children[0]
    return head.text


def _removed(syntax: Syntax, item: Node) -> TextEdit:
    """An item with the empty lines behind it."""
    gap = re.compile(r"[ \t]*\n?(?:[ \t]*\n)*").match(syntax.text, item.end)
    return TextEdit(item.start, gap.end() if gap is not None else item.end, "")
