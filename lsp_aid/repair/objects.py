"""Objects that use themselves without a name, variables that change without `mutable`, methods that are misspelt.

object method a = self#b ...              object (self) method a = self#b ...
object val n = 0 ... n <- n + 1           object val mutable n = 0 ...
counter#increment                         counter#incr
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree
from lsp_aid.repair.similarity import similarity

_NOT_MUTABLE = re.compile(r"The instance variable \"?([a-z_][\w']*)\"? is not mutable")
_METHODS = re.compile(r"([a-z_][\w']*) ?:")
_ALIKE = 0.4
_OTHER_NAMES = ("self", "this", "me")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    if said := _NOT_MUTABLE.search(problem.diagnostic.flat_message):
        return list(_mutable(problem, syntax, said[1]))
    if isinstance(message, messages.UnboundName) and message.sort == "value" and not message.qualifier:
        return list(_itself(problem, node, message.name))
    if isinstance(message, messages.UnboundName) and message.sort == "method":
        return list(_method(problem, syntax, node, message))
    return ()


def _mutable(problem: Problem, syntax: Syntax, name: str) -> Iterator[Candidate]:
    for definition in syntax.walk("instance_variable_definition"):
        variable = definition.child("instance_variable_name")
        if variable is not None and variable.text == name and definition.child("mutable") is None:
            edit = TextEdit(variable.start, variable.start, "mutable ")
            yield Candidate(f"Declare `{name}` as mutable: `val mutable {name}`", problem.edit(edit), 0.95)


def _itself(problem: Problem, node: Node, name: str) -> Iterator[Candidate]:
    """An unknown name whose methods are called in an object is that object."""
    invocation = node.enclosing("method_invocation")
    around = node.enclosing("object_expression")
    keyword = around.child("object") if around is not None else None
    if invocation is None or around is None or keyword is None or invocation.named_children[0].text != name:
        return
    pattern = next((c for c in around.named_children if c.kind.endswith("_pattern")), None)
    if pattern is None:
        edit = TextEdit(keyword.end, keyword.end, f" ({name})")
        yield Candidate(f"Name the object itself: `object ({name})`", problem.edit(edit), 0.95)
    elif name in _OTHER_NAMES:
        own = pattern.text.strip("() ").partition(":")[0].strip()
        edit = TextEdit(node.start, node.end, own)
        yield Candidate(f"The object calls itself `{own}`", problem.edit(edit), 0.93)


def _method(problem: Problem, syntax: Syntax, node: Node, message: messages.UnboundName) -> Iterator[Candidate]:
    """The method of a like name, of the class or of the type that the message shows."""
    if message.suggestions:
        return
    invocation = next((n for n in (node, *node.ancestors()) if n.kind == "method_invocation"), None)
    place = invocation.child("method_name") if invocation is not None else None
    known = _METHODS.findall(message.of_type or "")
    known += [item.name for item in syntax.declared if item.kind == "method"]
    known += [name.text for name in syntax.walk("method_name") if name.parent != invocation]
    if place is None:
        return
    for other in dict.fromkeys(known):
        alike = max(similarity(message.name, other), 0.8 * _begins(message.name, other))
        if other != message.name and alike >= _ALIKE:
            edit = problem.edit(TextEdit(place.start, place.end, other))
            yield Candidate(f"Replace `{message.name}` by `{other}`", edit, 0.5 + 0.45 * alike)


def _begins(name: str, other: str) -> float:
    """1 where one name is the beginning, or a part, of the other."""
    shorter, longer = sorted((name, other), key=len)
    return float(longer.startswith(shorter) or shorter in longer.split("_")) * (len(shorter) > 1)
