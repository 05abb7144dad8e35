"""Types that are written and are not what the code is.

let words s : string = String.split_on_char ' ' s         let words s : string list = ...
let area (s : circle) = side s *. side s                  let area (s : square) = ..., since side is of a square
let f (t : tree) = ..., of type 'a tree = ...             let f (t : 'a tree) = ...
type tree = Leaf | Node of tree * 'a * tree               type 'a tree = Leaf | Node of 'a tree * 'a * 'a tree
let show : 'a ty -> 'a -> string = fun ty v -> ...        let show : type a. a ty -> a -> string = ..., of a GADT
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import as_written, node_of, tree, within_parentheses

_ARITY = re.compile(r"The type constructor \"?([\w.']+)\"? expects (\d+) argument\(s\), but is here applied to (\d+)")
_UNBOUND = re.compile(r"The type variable \"?('[a-z_]\w*)\"? is unbound in this type declaration")
_QUANTIFIED = re.compile(r"(?:type\s|(?:'\w+\s+)*'\w+\s*\.)")
_RESULT, _PARAMETER = 0.6, 0.4
_VARIABLES = ("'a", "'b", "'c", "'d")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    flat = problem.diagnostic.flat_message
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    if (said := _ARITY.search(flat)) and said[3] == "0":
        return list(_applied(problem, syntax, node, said[1], int(said[2])))
    if said := _UNBOUND.search(flat):
        return list(_parametrised(problem, node, said[1]))
    if isinstance(message, messages.TypeClash):
        return [
            *_result(problem, node, message),
            *_parameter(problem, syntax, node, message),
            *await _for_every_type(problem, node, message),
        ]
    return ()


def _applied(problem: Problem, syntax: Syntax, node: Node, name: str, count: int) -> Iterator[Candidate]:
    """The type with parameters of its own, at all places of the item; in its declaration with those that it has."""
    definition = node.enclosing("type_binding", "constructor_declaration", "value_definition", "value_specification")
    own = node.enclosing("type_binding")
    variables = list(_VARIABLES[:count])
    if own is not None:
        given = re.findall(r"'[a-z_]\w*", own.text.partition("=")[0])
        variables = given if len(given) == count else variables
        if not given:
            return
    written = variables[0] if count == 1 else f"({', '.join(variables)})"
    places = [p for p in (definition or node).walk("type_constructor_path") if p.text == name]
    places = [p for p in places if not _is_applied(p)]
    if places and count <= len(_VARIABLES):
        edits = [TextEdit(place.start, place.start, f"{written} ") for place in places]
        yield Candidate(f"`{name}` is of something: `{written} {name}`", problem.edit(*edits), 0.9)
    if places and own is None:
        blank = "_" if count == 1 else f"({', '.join(['_'] * count)})"
        edits = [TextEdit(place.start, place.start, f"{blank} ") for place in places]
        yield Candidate(f"`{name}` is of something: `{blank} {name}`", problem.edit(*edits), 0.75)


def _is_applied(path: Node) -> bool:
    above = path.parent
    return above is not None and above.kind == "constructed_type" and above.named_children[-1] == path


def _parametrised(problem: Problem, node: Node, variable: str) -> Iterator[Candidate]:
    """A declaration gets the parameter that it uses, and itself within it."""
    binding = next((n for n in (node, *node.ancestors()) if n.kind == "type_binding"), None)
    name = binding.child("type_constructor") if binding is not None else None
    if binding is None or name is None or "'" in binding.syntax.text[binding.start : name.start]:
        return
    used = list(dict.fromkeys(v.text for v in binding.walk("type_variable")))
    written = used[0] if len(used) == 1 else f"({', '.join(used)})"
    edits = [TextEdit(name.start, name.start, f"{written} ")]
    itself = [path for path in binding.walk("type_constructor_path") if path.text == name.text]
    edits += [TextEdit(path.start, path.start, f"{written} ") for path in itself if not _is_applied(path)]
    yield Candidate(f"`{name.text}` is of {variable}: `{written} {name.text}`", problem.edit(*edits), 0.93)


def _result(problem: Problem, node: Node, message: messages.TypeClash) -> Iterator[Candidate]:
    """The type of what a definition gives, which its last expression is not of."""
    binding = next((n for n in (node, *node.ancestors()) if n.kind == "let_binding"), None)
    written = binding.field("type") if binding is not None else None
    body = binding.field("body") if binding is not None else None
    if written is None or body is None or " ".join(written.text.split()) != message.expected:
        return
    if "'" in message.found or "_weak" in message.found or "->" in message.found or body.end != node.end:
        return
    type_ = as_written(problem, message.found)
    edit = TextEdit(written.start, written.end, type_)
    yield Candidate(f"It is of type `{type_}`", problem.edit(edit), _RESULT)


def _parameter(problem: Problem, syntax: Syntax, node: Node, message: messages.TypeClash) -> Iterator[Candidate]:
    """The type of a parameter, which is used as one of another type."""
    place = within_parentheses(node)
    binding = lookup(syntax, place.text, place.start) if place.kind == "value_path" else None
    around = binding.node.parent if binding is not None and binding.kind == "parameter" else None
    written = around.field("type") if around is not None and around.child(":") else None
    if written is None:
        return
    type_ = as_written(problem, message.expected)
    if "'" in type_ or "_weak" in type_ or type_ == written.text:
        return
    edit = TextEdit(written.start, written.end, type_)
    yield Candidate(f"`{place.text}` is of type `{type_}`", problem.edit(edit), _PARAMETER)


async def _for_every_type(problem: Problem, node: Node, message: messages.TypeClash) -> list[Candidate]:
    """`'a` in an annotation is one type for all cases of a GADT; `type a.` is not."""
    bindings = [n for n in (node, *node.ancestors()) if n.kind == "let_binding"]
    for binding in bindings:
        written = binding.field("type")
        if written is None or "'" not in written.text or _QUANTIFIED.match(written.text):
            continue
        variables = list(dict.fromkeys(re.findall(r"'([a-z_]\w*)", written.text)))
        text = re.sub(r"'([a-z_]\w*)", r"\1", written.text)
        change = problem.edit(TextEdit(written.start, written.end, f"type {' '.join(variables)}. {text}"))
        asked = await AskedTypes.of(problem)
        (far,) = await asked.reached([change.files[0].after or ""]) if asked is not None else (0.0,)
        if far > problem.end + 8:
            return [Candidate(f"Say that it is for every type: `type {' '.join(variables)}. ...`", change, 0.92)]
    return []
