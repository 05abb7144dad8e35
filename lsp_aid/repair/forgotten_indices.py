"""Of two indices one that nothing uses, for the other stands in its place; what was bound for a field, or for a whole.

for i = ... do for j = ... do             for i = ... do for j = ... do
  m.(i).(i) <- 0.                           m.(i).(j) <- 0.

let* port = number "port" in              let* port = number "port" in
Ok { host; port = 80 }                    Ok { host; port }

| Node (l, x, r) as t -> Node (l, x, r)   | Node (l, x, r) as t -> t

let get t x y = ...                       let get t x y = ...
for y = ... do sum (get t x 0) done       for y = ... do sum (get t x y) done
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair import places
from lsp_aid.repair.changed_calls import parameter_names
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.forgotten import Unused, unused_at
from lsp_aid.repair.places import outside_parentheses, within_parentheses

_SORTS = ("variable", "for-loop index", "value")
_INDEXED = ("array_get_expression", "string_get_expression", "bigarray_get_expression")
_CONSTANTS = ("number", "string", "character", "boolean", "signed_number", "sign_expression", "constructor_path", "tag",
              "empty_list", "unit")  # fmt: skip
_SURE, _LIKELY = 0.93, 0.86


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.UnusedName) or message.sort not in _SORTS:
        return []
    tree = places.tree(problem)
    unused = unused_at(problem, tree, message.name) if tree else None
    if unused is None:
        return []
    found = [*_index(problem, unused), *_field(problem, unused), *_whole(problem, unused)]
    return [*found, *_parameter(problem, unused)]


# --- indices ---


def _index(problem: Problem, unused: Unused) -> Iterator[Candidate]:
    if not _counts(unused.binding):
        return
    edits: dict[str, list[TextEdit]] = {}
    for first, second in _twins(unused.scope):
        if first.text != second.text or first.kind != "value_path" or first.text == unused.name:
            continue
        other = lookup(first.syntax, first.text, first.start)
        if other is None or other.kind not in ("variable", "parameter") or not _counts(other.binding):
            continue
        if (other.binding.kind == "for_expression") != (unused.binding.kind == "for_expression"):
            continue
        use = second if other.node.start < unused.node.start else first
        edits.setdefault(first.text, []).append(TextEdit(use.start, use.end, unused.name))
    for name, changes in edits.items():
        title = f"Use `{unused.name}` where the index `{name}` stands twice"
        unique = {edit.start: edit for edit in changes}
        yield Candidate(title, problem.edit(*unique.values()), _SURE, Kind.GUESS)


def _counts(binding: Node) -> bool:
    """Whether it binds an index: of a loop, or of a function given to `iteri`, `init` and their like."""
    if binding.kind == "for_expression":
        return True
    function = binding.parent if binding.kind == "parameter" else None
    is_given = function is not None and function.kind == "fun_expression"
    argument = outside_parentheses(function, "labeled_argument").parent if function is not None and is_given else None
    called = argument.field("function") if argument is not None and argument.kind == "application_expression" else None
    name = called.text.rpartition(".")[2] if called is not None else ""
    is_first = function is not None and next((c for c in function.children if c.kind == "parameter"), None) == binding
    return is_first and name in ("iteri", "mapi", "init", "filteri", "init_matrix", "iteri2", "mapi2")


def _twins(scope: Node) -> Iterator[tuple[Node, Node]]:
    """Two indices side by side: of a matrix, of a call, of a pair, of a sum with a product."""
    for node in scope.walk(*_INDEXED, "application_expression", "tuple_expression", "infix_expression"):
        parts: Sequence[Node] = ()
        if node.kind in _INDEXED:
            array = node.named_children[0]
            parts = (array.named_children[-1], node.named_children[-1]) if array.kind in _INDEXED else ()
        elif node.kind == "application_expression":
            parts = [one for one in node.fields("argument") if one.kind != "labeled_argument"]
        elif node.kind == "tuple_expression":
            parts = node.named_children
        elif (left := node.field("left")) is not None and (right := node.field("right")) is not None:
            product = within_parentheses(left)
            factor = product.field("left") if product.kind == "infix_expression" and "*" in product.text else None
            parts = (factor, right) if factor is not None else ()
        yield from pairwise(parts)


# --- the whole that a pattern names ---

_WHOLES = {
    "constructor_pattern": ("application_expression", "constructor_application"),
    "tag_pattern": ("tag_expression", "application_expression"),
    "tuple_pattern": ("tuple_expression",),
    "cons_pattern": ("cons_expression",),
    "record_pattern": ("record_expression",),
    "list_pattern": ("list_expression",),
}


def _whole(problem: Problem, unused: Unused) -> Iterator[Candidate]:
    """What `as t` names is built anew, of the very parts."""
    alias = unused.node.parent
    named = alias.field("pattern") if alias is not None and alias.kind == "alias_pattern" else None
    pattern = within_parentheses(named) if named is not None else None
    if pattern is None or any(pattern.walk("any_pattern")):
        return
    wanted = "".join(pattern.text.split())
    same = [n for n in unused.scope.walk(*_WHOLES.get(pattern.kind, ("-",))) if "".join(n.text.split()) == wanted]
    if same:
        edits = [TextEdit(node.start, node.end, unused.name) for node in same]
        title = f"Use `{unused.name}`, which is `{' '.join(pattern.text.split())}`"
        yield Candidate(title, problem.edit(*edits), _SURE, Kind.GUESS)


# --- fields and labels ---


def _field(problem: Problem, unused: Unused) -> Iterator[Candidate]:
    """What is given for a field or a label of that very name, though the variable is there."""
    for part in unused.scope.walk("field_expression", "labeled_argument"):
        name = next(iter(part.walk("field_name", "label_name")), None)
        value = part.field("body") if part.kind == "field_expression" else part.field("expression")
        if name is None or value is None or name.text != unused.name:
            continue
        if any(path.text == unused.name for path in value.walk("value_path")):
            continue
        weight = _SURE if within_parentheses(value).kind in _CONSTANTS else _LIKELY
        change = problem.edit(TextEdit(name.end, part.end, ""))
        yield Candidate(f"Give `{unused.name}` what was bound for it, not `{value.text}`", change, weight, Kind.GUESS)


# --- parameters ---


def _parameter(problem: Problem, unused: Unused) -> Iterator[Candidate]:
    """A literal that is given for a parameter of that very name; or, of a loop, its first number beside the other
    index."""
    parts: list[Node] = []
    for call in unused.scope.walk("application_expression"):
        function = call.field("function")
        given = call.fields("argument")
        is_plain = function is not None and function.kind == "value_path"
        is_plain = is_plain and all(one.kind != "labeled_argument" for one in given)
        if function is None or not is_plain or not any(one.kind in _CONSTANTS for one in given):
            continue
        names = _names_of(problem, function)
        parts += [one for one, name in zip(given, names, strict=False) if name == unused.name]
    parts = [part for part in parts if part.kind in _CONSTANTS]
    if parts:
        title = f"Give `{unused.name}` for the parameter of that name, not `{parts[0].text}`"
        change = problem.edit(*(TextEdit(part.start, part.end, unused.name) for part in parts))
        yield Candidate(title, change, _SURE, Kind.GUESS)
    elif unused.binding.kind == "for_expression":
        yield from _first(problem, unused)


def _names_of(problem: Problem, function: Node) -> list[str]:
    """The parameters of a function, by their names; none where some have labels."""
    module, _, name = function.text.rpartition(".")
    binding = lookup(function.syntax, name, function.start) if not module else None
    if binding is not None and binding.kind == "value":
        parameters = [child.text for child in binding.binding.children if child.kind == "parameter"]
        return parameters if not any(text.startswith(("~", "?")) for text in parameters) else []
    return parameter_names(problem, function.text) if module else []


def _first(problem: Problem, unused: Unused) -> Iterator[Candidate]:
    """`get t x 0` in the loops over `y`, from 0 on, and `x`."""
    start = unused.binding.named_children[1] if unused.binding.child("to") else None
    edits = []
    for call in unused.scope.walk("application_expression"):
        given = call.fields("argument")
        beside = [one for one in given if one.kind == "value_path" and _is_of_loop(one)]
        literals = [one for one in given if start is not None and one.kind == "number" and one.text == start.text]
        if beside and literals:
            edits.append(TextEdit(literals[0].start, literals[0].end, unused.name))
    if edits:
        often = f" ({len(edits)} times)" if len(edits) > 1 else ""
        title = f"Use the index `{unused.name}` beside the other one{often}"
        yield Candidate(title, problem.edit(*edits), _LIKELY, Kind.GUESS)


def _is_of_loop(use: Node) -> bool:
    bound = lookup(use.syntax, use.text, use.start) if "." not in use.text else None
    return bound is not None and _counts(bound.binding)
