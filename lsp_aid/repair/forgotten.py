"""Variables that nothing uses since something else was written in their place, or they were left out.

    let named = name request in               let named = name request in
    sign request                              sign named

    let by_age a b = compare a.age a.age      let by_age a b = compare a.age b.age
    let join ?(sep = ",") = concat ","        let join ?(sep = ",") = concat sep
    fold_left (fun acc x -> x.price) 0        fold_left (fun acc x -> acc + x.price) 0
    | x :: rest -> x + sum xs                 | x :: rest -> x + sum rest

Each is what the code around speaks for; where it says little, `_x` comes first (`unused_variable.py`). What is given to
a call that lacks it: `forgotten_arguments.py`. Definitions: `forgotten_siblings.py`.
"""

import re
from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import Binding, lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair import places
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import ATOMS, item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import within_parentheses

_STRONG, _LIKELY, _WEAK = 0.9, 0.88, 0.7
_CHANGED = re.compile(r"\w+ed|\w+(?:'|\d)|(?:new|next|clean)_\w+|\w+_(?:new|next)|acc\w*")
_SIGNS = {
    "0": "+", "1": "*", "0.": "+.", "0.0": "+.", "1.": "*.", "1.0": "*.", '""': "^", "[]": "@", "true": "&&",
    "false": "||",
}  # fmt: skip
_SORTS = ("variable", "value", "for-loop index")
_STARTS = ("empty_list", "string", "value_path")
_COMPUTED = ("application_expression", "infix_expression", "field_get_expression")
_INDEXED = ("array_get_expression", "string_get_expression")
_LITERALS = ("string", "number", "character", "signed_number")


@frozen
class Unused:
    """`node` is where the name is bound, `binding` the `let_binding`, `parameter` or `match_case` that binds it, and
    `scope` where it could be used."""

    name: str
    node: Node
    binding: Node
    scope: Node


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.UnusedName) or message.sort not in _SORTS:
        return []
    tree = places.tree(problem)
    unused = unused_at(problem, tree, message.name) if tree else None
    if unused is None:
        return []
    found = [*_literal(problem, unused), *_twin(problem, unused), *_accumulator(problem, unused)]
    return [*found, *_rest(problem, unused), *await _step(problem, unused)]


def unused_at(problem: Problem, tree: Syntax, name: str) -> Unused | None:
    at = tree.node_at(problem.start, problem.end)
    kinds = ("value_pattern", "value_name")
    node = next((n for n in at.walk(*kinds) if n.text == name), None) if at is not None else None
    if node is None:
        return None
    inner = node
    for around in node.ancestors():
        scope = None
        match around.kind:
            case "match_case":
                scope = around.field("body")
            case "parameter":
                scope = around.parent.field("body") if around.parent is not None else None
            case "let_binding":
                scope = _behind(around) if around.field("pattern") == inner else None
            case "for_expression":
                scope = around.child("do_clause") if around.field("name") == inner else None
            case kind if not kind.endswith("_pattern") and kind not in ("field_path", "typed_pattern"):
                return None
        if scope is not None:
            return Unused(name, node, around, scope)
        inner = around
    return None


def _behind(binding: Node) -> Node | None:
    """What follows a definition: the body of its `let ... in`, or the rest of the file."""
    definition = binding.parent
    around = definition.parent if definition is not None else None
    if around is None or definition is None:
        return None
    return around.field("body") if around.kind == "let_expression" else around


def _uses(scope: Node, name: str, binding: Binding | None, behind: int) -> list[Node]:
    """Where a binding is used; of `~x` and `{ x }` the label and the field."""
    return [
        use
        for use in scope.walk("value_path", "label_name", "field_expression")
        if use.text == name and use.start >= behind and lookup(use.syntax, name, use.start) == binding
        if use.kind != "label_name" or (use.parent is not None and use.parent.end == use.end)
    ]


def _is_made_beside(use: Node) -> bool:
    """Whether a label or a field beside is given what was made of the variable of its name: `~row:r ~col`."""
    part = use.parent if use.kind == "label_name" else use if use.kind == "field_expression" else None
    for other in part.parent.children if part is not None and part.parent is not None else ():
        name = next(iter(other.walk("label_name", "field_name")), None)
        value = other.field("expression") or other.field("body")
        if part is None or other.kind != part.kind or name is None or value is None or value.kind != "value_path":
            continue
        binding = lookup(value.syntax, value.text, value.start)
        made = binding.binding.field("body") if binding is not None and binding.kind == "value" else None
        if made is not None and any(path.text == name.text for path in made.walk("value_path")):
            return True
    return False


# --- a step of a chain ---


async def _step(problem: Problem, unused: Unused) -> list[Candidate]:
    """What a definition makes of a variable, where that one is used further down and not what was made of it."""
    made = unused.binding.field("body") if unused.binding.kind == "let_binding" else None
    if made is None or unused.binding.child("parameter") or unused.scope.kind == "compilation_unit":
        return []
    if unused.binding.field("pattern") != unused.node:
        return []
    asked = await AskedTypes.of(problem)
    found: list[Candidate] = []
    for source in dict.fromkeys(path.text for path in made.walk("value_path") if "." not in path.text):
        binding = lookup(made.syntax, source, made.start)
        if binding is None or _is_global(binding):
            continue
        uses = _uses(unused.scope, source, binding, unused.scope.start)
        is_alike = any(_is_made_beside(use) for use in uses)
        if not is_alike and not _computes(made):
            continue
        if uses and (is_alike or await _of_one_type(asked, uses[0], source, unused.name)):
            found += _instead(problem, unused, source, uses, is_alike or _is_step(unused, source, made, uses))
    return found


def _computes(made: Node) -> bool:
    operator = made.field("operator") if made.kind == "infix_expression" else None
    return made.kind == "application_expression" or (operator is not None and operator.text in ("|>", "@@", "@", "^"))


def _is_global(binding: Binding) -> bool:
    definition = binding.binding.parent
    above = definition.parent if definition is not None and binding.kind == "value" else None
    return above is not None and above.kind in ("compilation_unit", "structure")


def _is_step(unused: Unused, source: str, made: Node, uses: Sequence[Node]) -> bool:
    """Whether the names say so, or the next step is like this one."""
    words = unused.name.split("_")
    if _CHANGED.fullmatch(unused.name) or (len(words) > 1 and source in words):
        return True
    call = uses[0].enclosing("application_expression")
    function = call.field("function") if call is not None else None
    here = next(iter(made.walk("application_expression")), None)
    ours = here.field("function") if here is not None else None
    if function is None or ours is None:
        return False
    module = ours.text.rpartition(".")[0]
    return function.text == ours.text or (module != "" and function.text.rpartition(".")[0] == module)


async def _of_one_type(asked: AskedTypes | None, use: Node, one: str, other: str) -> bool:
    if asked is None:
        return True
    _, (left, both) = await asked.of_parts(item_around(use), (use.start, use.end), [one, f"[ {one}; {other} ]"])
    return left is None or (both is not None and not left.is_variable)


def _instead(problem: Problem, unused: Unused, source: str, uses: Sequence[Node], is_step: bool) -> Iterator[Candidate]:
    signs = {"label_name": ":", "field_expression": " = "}
    edits = [
        TextEdit(use.end if use.kind in signs else use.start, use.end, signs.get(use.kind, "") + unused.name)
        for use in uses
    ]
    often = f" ({len(uses)} times)" if len(uses) > 1 else ""
    title = f"Use `{unused.name}`, which is made of `{source}`, in its place{often}"
    weight = _LIKELY if is_step else _WEAK
    yield Candidate(title, problem.edit(*edits), weight if len(uses) == 1 else weight - 0.04, Kind.GUESS)


# --- the same operand twice ---


def _twin(problem: Problem, unused: Unused) -> Iterator[Candidate]:
    """`a.x - a.x`, where `b` is bound beside `a` and nothing uses it."""
    edits: dict[str, list[TextEdit]] = {}
    for first, second in _pairs(unused.scope):
        if " ".join(first.text.split()) != " ".join(second.text.split()):
            continue
        for name in {path.text for path in first.walk("value_path")}:
            other = lookup(first.syntax, name, first.start)
            if other is None or not _beside(other, unused):
                continue
            changed = second if other.node.start < unused.node.start else first
            uses = [path for path in changed.walk("value_path") if path.text == name]
            edits.setdefault(name, []).extend(TextEdit(use.start, use.end, unused.name) for use in uses)
    for name, changes in edits.items():
        title = f"Use `{unused.name}` where `{name}` stands twice"
        yield Candidate(title, problem.edit(*changes), _STRONG, Kind.GUESS)


def _pairs(scope: Node) -> Iterator[tuple[Node, Node]]:
    for node in scope.walk("infix_expression", "application_expression", "tuple_expression"):
        match node.kind:
            case "infix_expression":
                parts = [part for part in (node.field("left"), node.field("right")) if part is not None]
            case "application_expression":
                parts = [argument for argument in node.fields("argument") if argument.kind != "labeled_argument"]
            case _:
                parts = list(node.named_children)
        if len(parts) == 2:
            yield parts[0], parts[1]


def _beside(other: Binding, unused: Unused) -> bool:
    """Whether two names are bound by one function, or by one pattern."""
    if other.binding == unused.binding:
        return True
    return other.kind == "parameter" and other.binding.parent == unused.binding.parent


# --- a literal ---


def _literal(problem: Problem, unused: Unused) -> Iterator[Candidate]:
    """What a parameter is by default, or a variable is, written once more."""
    value = unused.binding.field("default" if unused.binding.kind == "parameter" else "body")
    if value is None and unused.binding.kind == "parameter":
        value = _default_of(unused)
    is_loop = unused.binding.kind == "for_expression"
    if is_loop:
        value = unused.binding.named_children[1 if unused.binding.child("to") else 2]
    if value is None or value.kind not in (*_LITERALS, *_COMPUTED) or unused.binding.child("parameter"):
        return
    if any(value.walk("unit")) or "!" in value.text:
        return  # it may give something else each time
    uses = [n for n in unused.scope.walk(value.kind) if n.text == value.text and n != value]
    if is_loop:
        uses = [use for use in uses if use.parent is not None and use.parent.kind in _INDEXED]
    if not uses or any(n.enclosing("value_pattern", "or_pattern") for n in uses):
        return
    is_plain = len(value.text.strip("-")) == 1 or value.text in ("0.", "1.", '""')
    is_local = unused.scope.kind not in ("compilation_unit", "structure")
    edits = [TextEdit(use.start, use.end, unused.name) for use in uses]
    often = f" ({len(uses)} times)" if len(uses) > 1 else ""
    title = f"Use `{unused.name}` for `{' '.join(value.text.split())}`{often}"
    strong = not is_plain or is_loop or (is_local and len(uses) == 1 and unused.binding.kind == "parameter")
    yield Candidate(title, problem.edit(*edits), _STRONG if strong else 0.5, Kind.GUESS)


def _default_of(unused: Unused) -> Node | None:
    """What another function of the file has for a parameter of that name."""
    for parameter in unused.node.syntax.walk("parameter"):
        default = parameter.field("default")
        if default is not None and re.match(rf"\?\(?\s*{re.escape(unused.name)}\b", parameter.text):
            return default
    return None


# --- what came before ---


def _accumulator(problem: Problem, unused: Unused) -> Iterator[Candidate]:
    """What a fold has made so far, by what it starts with."""
    function = unused.binding.parent
    if unused.binding.kind != "parameter" or function is None or function.kind != "fun_expression":
        return
    start = _start_of_fold(unused.binding, function)
    body: Node | None = _result(unused.scope)
    if unused.binding.text != unused.name:  # a part of a tuple
        place = _place(unused.binding, unused.name)
        start, body = _part(start, place), _part(body, place)
    if start is None or body is None:
        return
    within = [n for n in body.walk(*_STARTS) if n.text == start.text] if start.kind in _STARTS else []
    if within and body not in within:
        edits = [TextEdit(node.start, node.end, unused.name) for node in within]
        title = f"Go on from `{unused.name}`, not from `{start.text}`"
        yield Candidate(title, problem.edit(*edits), _STRONG, Kind.GUESS)
        return
    sign = _SIGNS.get(start.text)
    if sign is None or within:
        return
    if sign == "@" and body.kind == "list_expression" and len(body.named_children) == 1:
        edit = TextEdit(body.start, body.end, f"{body.named_children[0].text} :: {unused.name}")
    else:
        text = body.text if body.kind in (*ATOMS, "application_expression") else f"({body.text})"
        edit = TextEdit(body.start, body.end, f"{unused.name} {sign} {text}")
    title = f"Go on from `{unused.name}`: `{' '.join(edit.text.split())}`"
    yield Candidate(title, problem.edit(edit), _STRONG, Kind.GUESS)


def _start_of_fold(parameter: Node, function: Node) -> Node | None:
    """What the fold starts with that this parameter goes on from."""
    argument = function
    while argument.parent is not None and argument.parent.kind in ("parenthesized_expression", "labeled_argument"):
        argument = argument.parent
    call = argument.parent
    name = call.field("function") if call is not None and call.kind == "application_expression" else None
    if call is None or name is None or not name.text.rpartition(".")[2].startswith("fold"):
        return None
    parameters = [child for child in function.named_children if child.kind == "parameter"]
    arguments = [one for one in call.fields("argument") if one != argument]
    labelled = [one for one in arguments if one.kind == "labeled_argument" and one.text.startswith("~init")]
    is_left = bool(labelled) or name.text.endswith("fold_left")
    if len(parameters) < 2 or parameter != parameters[0 if is_left else -1] or not arguments:
        return None
    start = labelled[0].field("expression") if labelled else arguments[0 if is_left else -1]
    return within_parentheses(start) if start is not None else None


def _place(parameter: Node, name: str) -> int:
    """Which part of a tuple of names a name is; -1 where it is none."""
    names = re.fullmatch(r"\(\s*(\w+(?:\s*,\s*\w+)+)\s*\)", parameter.text)
    parts = [part.strip() for part in names[1].split(",")] if names else []
    return parts.index(name) if name in parts else -1


def _part(value: Node | None, place: int) -> Node | None:
    parts = _elements(within_parentheses(value)) if value is not None else []
    return parts[place] if len(parts) > 1 and 0 <= place < len(parts) else None


def _elements(node: Node) -> list[Node]:
    """The parts of a tuple, which the grammar has as pairs."""
    if node.kind != "tuple_expression":
        return [node]
    return [part for child in node.named_children for part in _elements(child)]


def _result(body: Node) -> Node:
    """What a body gives in the end."""
    while body.kind in ("let_expression", "sequence_expression"):
        inner = body.field("body") if body.kind == "let_expression" else body.named_children[-1]
        if inner is None:
            break
        body = inner
    return body


# --- the rest of a list ---


def _rest(problem: Problem, unused: Unused) -> Iterator[Candidate]:
    """The function is called again with the whole list, of which `x :: rest` took the first."""
    cons = unused.node.parent
    match = unused.binding.parent if unused.binding.kind == "match_case" else None
    if cons is None or cons.kind != "cons_pattern" or cons.named_children[-1] != unused.node or match is None:
        return
    whole = match.named_children[0] if match.kind == "match_expression" else None
    binding = match.enclosing("let_binding")
    name = binding.field("pattern") if binding is not None else None
    if whole is None or whole.kind != "value_path" or name is None:
        return
    uses = [
        argument
        for call in unused.scope.walk("application_expression")
        if (function := call.field("function")) is not None and function.text == name.text
        for argument in call.fields("argument")
        if argument.text == whole.text
    ]
    if uses:
        edits = [TextEdit(use.start, use.end, unused.name) for use in uses]
        title = f"Go on with `{unused.name}`, not with all of `{whole.text}`"
        yield Candidate(title, problem.edit(*edits), 0.93)
