"""Variables that are a tuple now, of which a part is meant.

match next s with Some n -> n + 1       match next s with Some (n, _) -> n + 1
let n = next s in n + 1                 let n, _ = next s in n + 1
let n = next s in n + 1                 let n, s = next s in n + 1     where the file has `m, s = next s`
let s, n = next s in n + 1              let n, s = next s in n + 1     of an `n` that is no `int`
"""

from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import Binding, lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import fits, parameters, read


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    name = within_parentheses(node).text if node is not None else ""
    if syntax is None or node is None or not name.isidentifier():
        return ()
    binding = lookup(syntax, name, node.start)
    if binding is None or binding.arity or binding.node.text != name:
        return ()
    if read(message.found).head != "*":
        return await _turned(problem, binding, message)
    is_local = binding.kind != "value" or binding.node.enclosing("let_expression") is not None
    given, wanted = read(message.found), read(message.expected)
    found = []
    for number, part in enumerate(given.parts):
        if fits(part, wanted) and is_local:
            names = ["_"] * len(given.parts)
            names[number] = name
            for others, likely in (*((one, 0.92) for one in _taken_apart(syntax, binding, number)), (names, 0.88)):
                text = ", ".join([*others[:number], name, *others[number + 1 :]])
                above = binding.node.parent
                is_free = above is not None and above.kind == "let_binding"
                edit = TextEdit(binding.node.start, binding.node.end, text if is_free else f"({text})")
                title = f"It is a tuple now, of which `{name}` is one part: `({text})`"
                found.append(Candidate(title, problem.edit(edit), likely - 0.02 * number))
    return found


def _taken_apart(syntax: Syntax, binding: Binding, number: int) -> list[list[str]]:
    """What the file calls the parts of what the same function gives, where it does not drop all the others."""
    function = _function(binding.binding)
    found = []
    for other in syntax.walk("let_binding") if function else ():
        pattern = other.field("pattern")
        if pattern is None or pattern.kind != "tuple_pattern" or _function(other) != function:
            continue
        texts = [part.text for part in pattern.named_children]
        rest = [*texts[:number], *texts[number + 1 :]]
        if all(text.isidentifier() for text in rest) and set(rest) != {"_"} and binding.name not in rest:
            found.append(texts)
    return found[:1]


def _function(binding: Node) -> str:
    """The function whose call a name is bound to."""
    body = binding.field("body") if binding.kind == "let_binding" else None
    function = body.field("function") if body is not None and body.kind == "application_expression" else None
    return function.text if function is not None and function.kind == "value_path" else ""


async def _turned(problem: Problem, binding: Binding, message: messages.TypeClash) -> Sequence[Candidate]:
    """The pair is given the other way round than it is taken."""
    pattern, function = binding.node.parent, _function(binding.binding)
    if pattern is None or pattern.kind != "tuple_pattern" or len(pattern.named_children) != 2 or not function:
        return ()
    asked = await AskedTypes.of(problem)
    if asked is None or pattern.parent != binding.binding:
        return ()
    body = binding.binding.field("body")
    assert body is not None  # its function is known
    _, (type_,) = await asked.of_parts(item_around(body), (body.start, body.end), [function])
    given = parameters(type_)[1] if type_ is not None else None
    left, right = pattern.named_children
    other = 0 if binding.node == right else 1
    if given is None or given.head != "*" or len(given.parts) != 2:
        return ()
    if not fits(given.parts[other], read(message.expected)) or fits(given.parts[1 - other], read(message.expected)):
        return ()
    edits = (TextEdit(left.start, left.end, right.text), TextEdit(right.start, right.end, left.text))
    return [Candidate(f"`{function}` gives it as `{right.text}, {left.text}`", problem.edit(*edits), 0.94)]
