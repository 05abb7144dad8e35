"""Association lists that are maps now, wherever the file works on them.

List.assoc_opt x env, (x, t) :: env         Names.find_opt x env, Names.add x t env         of type t Names.t
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages, syntax
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.calls_in_code import ATOMS
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, text_of, within_parentheses
from lsp_aid.repair.type_shapes import read

_LIST = r"\([^()\"]* \* [^\"]*\) list"
_MAP = r"(?:[^\"=]*\" = \")?[^\"]*? (?P<map>[A-Z][\w.']*)\.t"
_CLASH = re.compile(rf"\"{_LIST}\" is not compatible with type \"{_MAP}\"")
_TURNED = re.compile(rf"\"{_MAP}\" is not compatible with type \"{_LIST}\"")
_FUNCTIONS: Mapping[str, str] = {
    "List.assoc_opt": "find_opt",
    "List.assoc": "find",
    "List.mem_assoc": "mem",
    "List.remove_assoc": "remove",
}
_OTHERS = ("Seq", "Queue", "Stack", "Hashtbl", "Lazy", "Stdlib.Seq", "Stdlib.Queue", "Stdlib.Stack", "Stdlib.Hashtbl")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    path = problem.diagnostic.path.removesuffix("i")
    text = text_of(problem.view, path) if path.endswith(".ml") else None
    if text is None:
        return ()
    tree = syntax.parse(text, path)
    if isinstance(message, messages.SignatureMismatch):
        said = _CLASH.search(problem.diagnostic.flat_message) or _TURNED.search(problem.diagnostic.flat_message)
        return list(_rewritten(problem, tree, said["map"], "")) if said is not None else ()
    if not isinstance(message, messages.TypeClash) or problem.diagnostic.path != path:
        return ()
    for one, other in (
        (message.found, message.expected_as or message.expected),
        (message.expected, message.found_as or message.found),
    ):
        list_, map_ = read(one), read(other)
        module, _, name = map_.head.rpartition(".")
        is_list = list_.head == "list" and bool(list_.parts) and list_.parts[0].head in ("*", "'a")
        if is_list and name == "t" and len(map_.parts) == 1 and module and module not in _OTHERS:
            found = node_of(problem, tree)
            node = within_parentheses(found) if found is not None else None
            name = node.text if node is not None and node.text.isidentifier() else ""
            literal = _literal(problem, node, module) if node is not None else []
            return [*literal, *_rewritten(problem, tree, module, name)]
    return ()


def _literal(problem: Problem, node: Node, module: str) -> list[Candidate]:
    """A list that is written down where a map is wanted."""
    if node.kind not in ("list_expression", "empty_list"):
        return []
    text = f"{module}.empty" if node.text.strip("[] ") == "" else f"({module}.of_list {node.text})"
    return [Candidate(f"It is a map now: `{text}`", problem.edit(TextEdit(node.start, node.end, text)), 0.92)]


def _rewritten(problem: Problem, tree: Syntax, module: str, name: str) -> Iterator[Candidate]:
    """All that the file does with lists of pairs; with that of a name alone, where there is one."""
    edits: list[TextEdit] = []
    for node in tree.walk("application_expression", "cons_expression"):
        if node.kind == "cons_expression":
            edits += _added(node, module, name)
            continue
        function, given = node.field("function"), node.fields("argument")
        other = _FUNCTIONS.get(function.text) if function is not None else None
        if function is not None and other and (not name or (len(given) == 2 and given[1].text == name)):
            edits.append(TextEdit(function.start, function.end, f"{module}.{other}"))
    if edits:
        title = f"It is a map now: use `{module}`" + (f" ({len(edits)} places)" if len(edits) > 1 else "")
        yield Candidate(title, problem.edit(*edits, path=tree.path), 0.9)


def _added(cons: Node, module: str, name: str) -> Iterator[TextEdit]:
    """`Names.add k v m` for `(k, v) :: m`."""
    left, right = cons.named_children[0], cons.named_children[-1]
    pair = within_parentheses(left)
    if pair.kind != "tuple_expression" or len(pair.named_children) != 2 or (name and right.text != name):
        return
    key, value = pair.named_children
    yield TextEdit(cons.start, key.start, f"{module}.add {_open(key)}")
    yield TextEdit(key.end, value.start, f"{_close(key)} {_open(value)}")
    yield TextEdit(value.end, right.start, f"{_close(value)} {_open(right)}")
    if close := _close(right):
        yield TextEdit(right.end, right.end, close)


def _open(node: Node) -> str:
    return "" if node.kind in ATOMS else "("


def _close(node: Node) -> str:
    return "" if node.kind in ATOMS else ")"
