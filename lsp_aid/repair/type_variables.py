"""Type variables without their quotes, and types of the standard library that one of the file's own hides.

val map : (a -> b) -> a t -> b t              val map : ('a -> 'b) -> 'a t -> 'b t
let load path : (string, string) result       let load path : (string, string) Stdlib.result
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree

_ARITY = re.compile(r"The type constructor \"?([\w']+)\"? expects (\d+) argument\(s\), but is here applied to (\d+)")
_KNOWN = {"result": 2, "option": 1, "list": 1, "array": 1, "ref": 1, "seq": 1}
_BUILT_IN = frozenset(
    (
        *(
            "int",
            "float",
            "string",
            "bool",
            "char",
            "unit",
            "exn",
            "list",
            "option",
            "array",
            "bytes",
            "int32",
            "int64",
        ),
        *("nativeint", "result", "ref", "format", "in_channel", "out_channel", "lazy_t", "floatarray"),
    )
)
_LIKELY = frozenset(("acc", "elt", "key", "value", "err", "res", "ok", "k", "v", "env", "state"))


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    if isinstance(message, messages.UnboundName) and message.sort == "type constructor" and not message.qualifier:
        return list(_quoted(problem, syntax, message.name))
    if said := _ARITY.search(problem.diagnostic.flat_message):
        return list(_hidden(problem, syntax, node, said[1], int(said[3])))
    return ()


def _quoted(problem: Problem, syntax: Syntax, name: str) -> Iterator[Candidate]:
    """All names of types that are as short as variables and that nothing declares."""
    declared = {item.name for item in syntax.declared if item.kind == "type"} | _BUILT_IN
    if re.search(r"^\s*(?:open|include)\b", syntax.text, re.MULTILINE):
        declared |= {path.text for path in syntax.walk("type_constructor_path") if len(path.text) > 1}
    variables = {variable.text[1:] for variable in syntax.walk("type_variable")}

    def is_variable(other: str) -> bool:
        is_short = len(other) == 1 or other in _LIKELY or other in variables
        return is_short and other not in declared

    if not is_variable(name):
        return
    paths = [path for path in syntax.walk("type_constructor_path") if is_variable(path.text)]
    edits = [TextEdit(path.start, path.start, "'") for path in paths]
    yield Candidate(f"A type variable has a quote: `'{name}`", problem.edit(*edits), 0.9)


def _hidden(problem: Problem, syntax: Syntax, node: Node, name: str, given: int) -> Iterator[Candidate]:
    if _KNOWN.get(name) != given or not any(i.kind == "type" and i.name == name for i in syntax.declared):
        return
    for path in node.walk("type_constructor_path"):
        above = path.parent if path.text == name else None
        if above is not None and above.kind == "constructed_type" and above.named_children[-1] == path:
            edit = TextEdit(path.start, path.end, f"Stdlib.{name}")
            yield Candidate(f"The file's own `{name}` hides it: `Stdlib.{name}`", problem.edit(edit), 0.9)
            return
