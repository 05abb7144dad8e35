"""`a.(i)` and `s.[i]` where the value is of another type than the brackets say.

s.(0), of a string            s.[0]
a.[0], of an array            a.(0)
xs.(0), of a list             List.nth xs 0
b.[0], of bytes               Bytes.get b 0
t.(k), of a hash table        Hashtbl.find t k
m.(i, j)                      m.(i).(j)
"""

from collections.abc import Iterator, Mapping, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.calls_in_code import ATOMS
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import read

_GET: Mapping[str, str] = {
    "list": "List.nth {} {}",
    "bytes": "Bytes.get {} {}",
    "Hashtbl.t": "Hashtbl.find {} {}",
    "Seq.t": "Seq.drop {1} {0}",
}
_SET: Mapping[str, str] = {"bytes": "Bytes.set {} {} {}", "Hashtbl.t": "Hashtbl.replace {} {} {}"}
_BRACKETS = {"string": ("string_get_expression", "[", "]"), "array": ("array_get_expression", "(", ")")}
_GETS = ("array_get_expression", "string_get_expression")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem) if isinstance(message, messages.TypeClash) else None
    node = node_of(problem, syntax) if syntax else None
    get = node.parent if node is not None else None
    if node is None or get is None or get.kind not in _GETS or not isinstance(message, messages.TypeClash):
        return ()
    if get.named_children[0] != node:
        return list(_several(problem, get, node))
    return list(_ways(problem, get, read(message.found).head.removeprefix("Stdlib.")))


def _several(problem: Problem, get: Node, index: Node) -> Iterator[Candidate]:
    """The indices of an array of arrays, written as a tuple."""
    inner = within_parentheses(index)
    if inner.kind != "tuple_expression" or get.kind != "array_get_expression":
        return
    parts = [part.strip() for part in inner.text.split(",")]
    if all(part.count("(") == part.count(")") for part in parts):
        text = get.named_children[0].text + "".join(f".({part})" for part in parts)
        change = problem.edit(TextEdit(get.start, get.end, text))
        yield Candidate(f"An array of arrays takes one index after the other: `{text}`", change, 0.94)


def _ways(problem: Problem, get: Node, found: str) -> Iterator[Candidate]:
    value, index = get.named_children[0], get.named_children[-1]
    above = get.parent
    is_set = above is not None and above.kind == "set_expression" and above.children[0] == get
    if found in _BRACKETS:
        kind, opening, closing = _BRACKETS[found]
        old = next((c for c in get.children if c.text in "[("), None)
        if kind != get.kind and old is not None and not (is_set and found == "string"):
            edits = (TextEdit(old.start, old.end, opening), TextEdit(get.end - 1, get.end, closing))
            article = "an" if found == "array" else "a"
            yield Candidate(f"`{value.text}` is {article} {found}: `.{opening}{closing}`", problem.edit(*edits), 0.95)
        return
    form = (_SET if is_set else _GET).get(found)
    whole = above if is_set else get
    if form is None or whole is None:
        return
    parts = [value, index, *([whole.named_children[-1]] if is_set else [])]
    text = form.format(*(_atom(part) for part in parts))
    edit = TextEdit(whole.start, whole.end, text if is_set or _is_free(whole) else f"({text})")
    yield Candidate(f"`{value.text}` is of type {found}: `{text}`", problem.edit(edit), 0.9)


def _atom(node: Node) -> str:
    node = within_parentheses(node)
    return node.text if node.kind in ATOMS else f"({node.text})"


def _is_free(node: Node) -> bool:
    """Whether an application can stand in the place of the node."""
    kind = node.parent.kind if node.parent is not None else ""
    return kind not in (
        "application_expression",
        "labeled_argument",
        "prefix_expression",
        *_GETS,
        "field_get_expression",
    )
