"""Variables that are a tuple now, of which a part is meant.

match next s with Some n -> n + 1       match next s with Some (n, _) -> n + 1
let n = next s in n + 1                 let n, _ = next s in n + 1
"""

from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import fits, read


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash) or read(message.found).head != "*":
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    name = within_parentheses(node).text if node is not None else ""
    if syntax is None or node is None or not name.isidentifier():
        return ()
    binding = lookup(syntax, name, node.start)
    if binding is None or binding.arity or binding.node.text != name:
        return ()
    is_local = binding.kind != "value" or binding.node.enclosing("let_expression") is not None
    given, wanted = read(message.found), read(message.expected)
    found = []
    for number, part in enumerate(given.parts):
        if fits(part, wanted) and is_local:
            names = ["_"] * len(given.parts)
            names[number] = name
            text = ", ".join(names)
            above = binding.node.parent
            is_free = above is not None and above.kind == "let_binding"
            edit = TextEdit(binding.node.start, binding.node.end, text if is_free else f"({text})")
            title = f"It is a tuple now, of which `{name}` is one part: `({text})`"
            found.append(Candidate(title, problem.edit(edit), 0.88 - 0.02 * number))
    return found
