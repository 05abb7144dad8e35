"""Calls of functions of lists, written as the functions of a set or of a map take their arguments."""

import re
from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.calls_in_code import ATOMS
from lsp_aid.repair.places import within_parentheses

_OF_SET: Mapping[str, str] = {
    **{name: name for name in ("mem", "exists", "for_all", "iter", "filter", "partition", "is_empty", "filter_map")},
    "length": "cardinal",
    "cons": "add",
}
_OF_MAP: Mapping[str, str] = {
    "assoc": "find",
    "assoc_opt": "find_opt",
    "mem_assoc": "mem",
    "remove_assoc": "remove",
    "length": "cardinal",
    "is_empty": "is_empty",
}
_OF_PAIRS = ("iter", "exists", "for_all", "filter", "partition")
"""Functions of maps that give theirs the key and the value one after the other."""
_ORDERED = frozenset(
    f"List.{sort} {module}compare" for sort in ("sort", "sort_uniq") for module in ("", "Stdlib.", "String.", "Int.")
)
_USUAL = re.compile(
    r"=\s*(?:Stdlib\.)?Set\.Make\s*\(\s*(?:Stdlib\.)?"
    r"(String|Bytes|Int|Char|Bool|Float|Int32|Int64|Nativeint|Uchar|Unit)\s*\)\s*$"
)
"""Sets of a module of the standard library whose order is that of `compare`."""


@frozen
class Collection:
    """A module that `Set.Make` or `Map.Make` has made, which is `functor`."""

    module: str
    functor: str

    @property
    def is_map(self) -> bool:
        return self.functor == "Map"

    @property
    def kind(self) -> str:
        return self.functor.lower()

    @property
    def listed(self) -> str:
        """The function that gives all of it as a list."""
        return f"{self.module}.{'bindings' if self.is_map else 'elements'}"


def added(cons: Node, collection: Collection, name: str) -> Iterator[TextEdit]:
    """`Names.add x s` for `x :: s`, `Names.add k v m` for `(k, v) :: m`; that of a name alone, where there is one."""
    left, right = cons.named_children[0], cons.named_children[-1]
    if name and right.text != name:
        return
    above = cons.parent
    is_argument = above is not None and above.kind in ("application_expression", "labeled_argument", "cons_expression")
    opened = "(" if is_argument else ""
    if collection.is_map:
        pair = within_parentheses(left)
        if pair.kind != "tuple_expression" or len(pair.named_children) != 2:
            return
        key, value = pair.named_children
        yield TextEdit(cons.start, key.start, f"{opened}{collection.module}.add {_open(key)}")
        yield TextEdit(key.end, value.start, f"{_close(key)} {_open(value)}")
        yield TextEdit(value.end, right.start, f"{_close(value)} {_open(right)}")
    else:
        yield TextEdit(cons.start, left.start, f"{opened}{collection.module}.add {_open(left)}")
        yield TextEdit(left.end, right.start, f"{_close(left)} {_open(right)}")
    if close := f"{_close(right)}{')' if is_argument else ''}":
        yield TextEdit(right.end, right.end, close)


def _open(node: Node) -> str:
    return "" if node.kind in ATOMS else "("


def _close(node: Node) -> str:
    return "" if node.kind in ATOMS else ")"


def called(above: Node, argument: Node, collection: Collection) -> Iterator[TextEdit]:
    """The function for the one of lists that a value is given to, at the end of a call or through a pipe."""
    if above.kind == "application_expression":
        function, given = above.field("function"), [*above.fields("argument")]
        if function is None or not given or given[-1] != argument:
            return
        place, is_piped = above, False
    elif above.kind == "infix_expression" and above.named_children[0] == argument:
        operator, stage = above.field("operator"), above.named_children[-1]
        if operator is None or operator.text != "|>":
            return
        function, given = stage.field("function") or stage, [*stage.fields("argument"), argument]
        place, is_piped = above, True
    else:
        return
    if not function.text.startswith("List."):
        return
    name = function.text.removeprefix("List.")
    if name == "fold_left" and len(given) == 3:
        yield from _folded(place, function, given, collection, is_piped=is_piped)
        return
    if " ".join(p.text for p in (function, *given[:-1])) in _ORDERED and not collection.is_map:
        if _is_in_order(function.syntax, collection) and lookup(function.syntax, given[0].text, function.start) is None:
            yield TextEdit(function.start, given[0].end, collection.listed)
        elif is_piped:
            yield TextEdit(argument.end, argument.end, f" |> {collection.listed}")
        else:
            yield TextEdit(argument.start, argument.end, f"({collection.listed} {argument.text})")
        return
    new = (_OF_MAP if collection.is_map else _OF_SET).get(name)
    if new is None and collection.is_map and name in _OF_PAIRS and len(given) == 2:
        taken = list(_of_pair(given[0], []))
        new, edits = (name, taken) if taken else (None, [])
        yield from edits
    if new is not None:
        yield TextEdit(function.start, function.end, f"{collection.module}.{new}")


def _is_in_order(syntax: Syntax, collection: Collection) -> bool:
    """Whether the file shows that the elements of a set are in the order of `compare`."""
    bindings = {one.text.partition("=")[0].partition(":")[0].strip(): one for one in syntax.walk("module_binding")}
    made = bindings.get(collection.module)
    usual = _USUAL.search(made.text) if made is not None else None
    return usual is not None and usual[1] not in bindings


def _folded(
    place: Node, function: Node, given: Sequence[Node], collection: Collection, *, is_piped: bool
) -> Iterator[TextEdit]:
    """The element comes first and what is gathered last, for the function and for the fold itself."""
    step, start, held = given
    parameters = _parameters(step)
    if len(parameters) == 2:
        gathered, element = parameters
        edits = list(_of_pair(step, [gathered], element)) if collection.is_map else []
        if collection.is_map and not edits:
            return
        if not collection.is_map:
            text = f"{element.text} {gathered.text}"
            edits = [TextEdit(gathered.start, element.end, text)]
    elif step.kind == "value_path":
        known, element_ = ("key value", "(key, value)") if collection.is_map else ("one", "one")
        edits = [TextEdit(step.start, step.end, f"(fun {known} all -> {step.text} all {element_})")]
    else:
        return
    yield TextEdit(function.start, function.end, f"{collection.module}.fold")
    yield from edits
    if is_piped:
        yield TextEdit(place.start, function.start, "")
        yield TextEdit(start.start, start.start, f"{held.text} ")
    else:
        yield TextEdit(start.start, start.end, held.text)
        yield TextEdit(held.start, held.end, start.text)


def _parameters(function: Node) -> list[Node]:
    inner = within_parentheses(function)
    return [child for child in inner.children if child.kind == "parameter"] if inner.kind == "fun_expression" else []


def _of_pair(function: Node, behind: Sequence[Node], element: Node | None = None) -> Iterator[TextEdit]:
    """`fun k v acc ->` for `fun acc (k, v) ->`, and for `fun (k, v) ->`."""
    parameters = _parameters(function)
    element = element or (parameters[0] if len(parameters) == 1 else None)
    pair = within_parentheses(element.named_children[0]) if element is not None and element.named_children else None
    if pair is None or pair.kind not in ("tuple_pattern", "any_pattern"):
        return
    parts = [_plain(part) for part in pair.named_children] if pair.kind == "tuple_pattern" else ["_", "_"]
    if len(parts) == 2:
        text = " ".join([*parts, *(one.text for one in behind)])
        yield TextEdit(parameters[0].start, parameters[-1].end, text)


def _plain(pattern: Node) -> str:
    is_plain = pattern.kind in ("value_pattern", "any_pattern", "parenthesized_pattern", "record_pattern", "unit")
    return pattern.text if is_plain else f"({pattern.text})"
