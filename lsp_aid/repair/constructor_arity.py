"""Constructors that carry more, or less, than what is written for them.

    | Let (_, a, b) -> ...        of three          | Let (a, b) -> ...        of two: | Let (a, b, _) -> ...
    Let ("x", Var "y")            of three          Let ("x", Var "y", Var "y")
    Load name                     of line * string  Load (lineno, name)

In a pattern nothing is known of what is new, so it is `_`. Every such pattern of the file is brought to the constructor
in the same way. In an expression it is what `values.py` finds, or a variable of the function around.
"""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence

from attrs import frozen

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.scope import in_scope
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.call_plans import Value
from lsp_aid.repair.calls_in_code import abbreviations, expanded, item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, text_of, tree
from lsp_aid.repair.similarity import is_short_for
from lsp_aid.repair.type_shapes import Type, fits, read
from lsp_aid.repair.values import COMMON, NAMED, OF_TYPE, ONLY, calls, values

_PATTERN, _EXPRESSION = "constructor_pattern", "application_expression"
_FILES_AT_MOST = 400
_MOST = 5
_SHORTER = 0.8
"""How likely a way is, against another one after which the file is right further on."""
_LOCAL_AT_MOST = 8
_VARIABLES = ("value", "parameter", "variable")
_NAMES = {
    "string": "message msg text name reason path file s str label title word key",
    "int": "n i j k count line column col index code position pos size length offset depth number",
    "float": "x y z ratio time seconds amount price weight",
    "bool": "flag is_open enabled ok",
}
_USUAL = {head: frozenset(names.split()) for head, names in _NAMES.items()}
"""What variables of a type are called."""


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.ConstructorArity):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    for around in (node, *node.ancestors()):
        if around.kind == _PATTERN and not (node.kind == "constructor_path" and _is_pattern(node)):
            found = list(_patterns(problem, syntax, around, message))
            break
        if around.kind == "constructor_path" and _is_pattern(around):
            found = list(_bare_patterns(problem, syntax, around, message))
            break
        if around.kind == _EXPRESSION or around.kind == "constructor_path":
            return await _expression(problem, syntax, around, message)
    else:
        return ()
    return await _checked(problem, found)


def _parts(node: Node) -> list[Node]:
    """What is written for the constructor, one by one."""
    given = node.fields("argument") if node.kind == _EXPRESSION else node.named_children[1:]
    if len(given) != 1:
        return list(given)
    inner = given[0].named_children[0] if given[0].kind.startswith("parenthesized") else given[0]
    return _elements(inner)


def _elements(node: Node) -> list[Node]:
    if node.kind not in ("tuple_expression", "tuple_pattern"):
        return [node]
    return [part for child in node.named_children for part in _elements(child)]


def _is_pattern(node: Node) -> bool:
    """Whether a constructor stands in a pattern without anything."""
    if node.parent is not None and node.parent.kind == _PATTERN and node.parent.named_children[0] == node:
        return False
    for inner, around in itertools.pairwise((node, *node.ancestors())):
        if around.kind == "match_case":
            return around.field("pattern") == inner
        if around.kind == "parameter":
            return True
        if not around.kind.endswith("_pattern"):
            return False
    return False


def _bare_patterns(
    problem: Problem, syntax: Syntax, node: Node, message: messages.ConstructorArity
) -> Iterator[tuple[str, ChangeSet, float]]:
    """`Circle` for `Circle _`, of which all such patterns of the file are brought to it."""
    carried = " _" if message.expected == 1 else f" ({', '.join(['_'] * message.expected)})"
    alike = [n for n in syntax.walk("constructor_path") if n.text == node.text and _is_pattern(n)]
    for places, weight in ((alike, 0.92), ([node], 0.85)):
        edits = [edit for n in places for edit in carrying(n, carried)]
        yield f"`{node.text}` carries {message.expected}: `{node.text}{carried}`", problem.edit(*edits), weight


def carrying(node: Node, carried: str) -> Iterator[TextEdit]:
    """A pattern that is nothing but a constructor or a tag, with what it carries."""
    is_inner = node.parent is not None and node.parent.kind in ("constructor_pattern", "tag_pattern")
    if is_inner:
        yield TextEdit(node.start, node.start, "(")
    yield TextEdit(node.end, node.end, f"{carried})" if is_inner else carried)


def _patterns(
    problem: Problem, syntax: Syntax, node: Node, message: messages.ConstructorArity
) -> Iterator[tuple[str, ChangeSet, float]]:
    name = node.named_children[0].text
    alike = [n for n in syntax.walk(_PATTERN) if n.named_children[0].text == name and len(_parts(n)) == message.given]
    more = message.expected - message.given
    if more > 0:
        carried = [slot.type for slot in _declared(problem, name, message.expected)]
        names = [part.text for part in _parts(node)]
        ways = sorted(range(message.given, -1, -1), key=lambda at: -_told(names, carried, at, more))
        for number, at in enumerate(ways):
            for places in [alike, [node]] if len(alike) > 1 else [[node]]:
                edits = [_rewritten(n, [*(p.text for p in _parts(n))], at, more) for n in places]
                shown = _rewritten(node, [p.text for p in _parts(node)], at, more).text
                yield f"`{name}` carries {message.expected}: `{shown}`", problem.edit(*edits), 0.85 - 0.1 * number
        return
    for number in range(message.given):
        kept = [p.text for n, p in enumerate(_parts(node)) if not number <= n < number - more]
        if len(kept) == message.expected:
            edit = _made(node, kept)
            free = all(p.text == "_" for p in _parts(node)[number : number - more])
            yield f"`{name}` carries {message.expected}: `{edit.text}`", problem.edit(edit), 0.8 if free else 0.4


def _told(names: Sequence[str], carried: Sequence[Type], at: int, more: int) -> int:
    """How far the variables are called like what they are then: a `message` is no `int`."""
    types = [*carried[:at], *carried[at + more :]]
    pairs = zip(names, types, strict=False) if len(types) == len(names) else ()
    told = 0
    for name, type_ in pairs:
        usual = next((head for head, known in _USUAL.items() if name in known or name.rpartition("_")[2] in known), "")
        told += (usual == type_.head) - (usual not in ("", type_.head))
    return told


def _rewritten(node: Node, parts: list[str], at: int, more: int) -> TextEdit:
    if parts == ["_"]:
        return TextEdit(node.start, node.start, "")
    return _made(node, [*parts[:at], *(["_"] * more), *parts[at:]])


def _made(node: Node, parts: Sequence[str]) -> TextEdit:
    name = (node.field("function") if node.kind == _EXPRESSION else node.named_children[0]) or node
    written = "" if not parts else f" ({', '.join(parts)})" if len(parts) > 1 else f" {parts[0]}"
    return TextEdit(node.start, node.end, f"{name.text}{written}")


async def _expression(
    problem: Problem, syntax: Syntax, node: Node, message: messages.ConstructorArity
) -> Sequence[Candidate]:
    asked = await AskedTypes.of(problem)
    if asked is None:
        return ()
    name = (node.field("function") or node).text
    written = _parts(node) if node.kind == _EXPRESSION else []
    if message.given > message.expected:
        found = []
        for number in range(message.given if message.given == message.expected + 1 else 0):
            edit = _made(node, [p.text for n, p in enumerate(written) if n != number])
            found.append((f"`{name}` carries {message.expected}: `{edit.text}`", problem.edit(edit), 0.6))
        return await _checked(problem, found, Kind.GUESS)
    carried = _declared(problem, name, message.expected)
    if message.expected - message.given != 1 or len(carried) != message.expected:
        return ()
    found = []
    scope = await asked.values(node.start)
    seen = _seen(problem, name, message.expected)
    beside = [(part.text, carried[n].type) for n, part in enumerate(written) if n < len(carried)]
    local = _local(node, dict(scope), {part.text for part in written})
    for at, slot in enumerate(carried):
        offered = [*_called_so(slot, local), *values(slot.type, "", seen[at], scope, beside)]
        for value in {value.text: value for value in sorted(offered, key=lambda v: -v.cost)}.values():
            found.append(_with(problem, node, written, at, value, message))
    return await _checked(problem, found, end=True)


def _local(node: Node, types: Mapping[str, Type], given: Collection[str]) -> list[tuple[str, Type]]:
    """The variables of the definition around, the nearest first; of any type where it is in error before they are."""
    start = item_around(node)[0]
    names = [
        one.name for one in in_scope(node.syntax, node.start) if one.node.start >= start and one.kind in _VARIABLES
    ]
    unknown = Type("'a")
    return [(name, types.get(name, unknown)) for name in names[:_LOCAL_AT_MOST] if name not in given]


def _called_so(slot: "_Carried", scope: Sequence[tuple[str, Type]]) -> Iterator[Value]:
    """The variables of the type: those that are called like it, or are usual for it, and the others."""
    of_type = [name for name, type_ in scope if fits(type_, slot.type)]
    usual = _USUAL.get(slot.type.head, frozenset())
    for name in of_type:
        last = name.rpartition("_")[2]
        if slot.name and (name.startswith(slot.name) or last == slot.name or is_short_for(name, slot.name)):
            yield Value(name, NAMED)
        elif name in usual or last in usual:
            yield Value(name, ONLY)
        else:
            yield Value(name, OF_TYPE if len(of_type) == 1 else OF_TYPE + 0.1)


def _with(
    problem: Problem, node: Node, written: Sequence[Node], at: int, value: Value, message: messages.ConstructorArity
) -> tuple[str, ChangeSet, float]:
    parts = [part.text for part in written]
    edit = _made(node, [*parts[:at], value.text, *parts[at:]])
    behind = 0.04 * (len(parts) - at)
    weight = 0.8 - 0.3 * value.cost - behind
    return f"`{message.constructor}` carries {message.expected}: `{edit.text}`", problem.edit(edit), weight


@frozen
class _Carried:
    """One of what a constructor carries: its type, and the name of that where it says what it is for."""

    type: Type
    name: str


def _declared(problem: Problem, name: str, size: int) -> list[_Carried]:
    """What a constructor of the project carries."""
    last = name.rpartition(".")[2]
    for path in [p for p in problem.view.paths() if p.endswith((".ml", ".mli"))][:_FILES_AT_MOST]:
        text = text_of(problem.view, path)
        if text is None or last not in text:
            continue
        syntax = ocaml_syntax.parse(text, path)
        for item in syntax.declared:
            if item.kind in ("constructor", "exception") and item.name == last:
                declared = item.node.child("constructor_declaration") or item.node
                carried = [c for c in declared.named_children if c.kind != "constructor_name"]
                if len(carried) == size:
                    short = abbreviations(syntax)
                    types = [read(child.text) for child in carried]
                    return [_Carried(expanded(type_, short), _name_of(type_)) for type_ in types]
    return []


def _name_of(type_: Type) -> str:
    """What a value of a type is called by it: `pos` of a `pos` or a `Pos.t`."""
    module, _, name = type_.head.rpartition(".")
    name = module.rpartition(".")[2].lower() if name == "t" and module else name
    return name if name.isidentifier() and type_.head not in COMMON and not type_.parts else ""


def _seen(problem: Problem, name: str, size: int) -> list[list[str]]:
    """What the project writes there elsewhere, where it can be written anywhere."""
    found: list[list[str]] = [[] for _ in range(size)]
    last = name.rpartition(".")[2]
    for path in [p for p in problem.view.paths() if p.endswith(".ml")][:_FILES_AT_MOST]:
        text = text_of(problem.view, path)
        if text is None or last not in text:
            continue
        for call in calls(ocaml_syntax.parse(text, path).walk(_EXPRESSION), last, is_own=False):
            parts = _parts(call)
            for number, part in enumerate(parts if len(parts) == size else []):
                if part.kind in ("number", "string", "character", "boolean", "empty_list", "constructor_path"):
                    found[number].append(part.text)
    return found


async def _checked(
    problem: Problem, found: Sequence[tuple[str, ChangeSet, float]], kind: Kind = Kind.FIX, *, end: bool = False
) -> list[Candidate]:
    """Those after which the file is right further on; with `end` those first after which what is written anew is."""
    made = [one for one in found if one[1]]
    asked = await AskedTypes.of(problem)
    if asked is not None:
        texts = [changes.files[0].after or "" for _, changes, _ in made]
        reached = await asked.reached(texts)
        pairs = [(one, far) for one, far in zip(made, reached, strict=True) if far > problem.start]
        whole = [
            (one, far) for one, far in pairs if far > problem.end + len(one[1].files[0].after or "") - len(asked.text)
        ]
        pairs = whole if end and whole else pairs
        furthest = max((far for _, far in pairs), default=0.0)
        made = [
            (title, changes, weight if far == furthest else weight * _SHORTER)
            for (title, changes, weight), far in pairs
        ]
    best = sorted(made, key=lambda one: -one[2])[:_MOST]
    return [Candidate(title, changes, weight, kind) for title, changes, weight in best]
