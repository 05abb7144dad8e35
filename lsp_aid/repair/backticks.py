"""Tags written as constructors, and constructors written as tags.

function `Info -> 1 | Warn -> 2       function `Info -> 1 | `Warn -> 2
show `Warn                            show Warn, where the type has constructors
type t = [ `Info | Warn ]             type t = [ `Info | `Warn ]
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import declared_elsewhere, node_of, tree

_A_CONSTRUCTOR = re.compile(r"should not be a constructor, the expected type is")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    if _A_CONSTRUCTOR.search(problem.diagnostic.flat_message):
        return list(_tagged(problem, syntax, node))
    if isinstance(message, messages.UnboundName) and message.sort == "constructor" and not message.of_type:
        return list(_of_a_variant(problem, syntax, node, message))
    if isinstance(message, messages.TypeClash):
        return list(_constructed(problem, syntax, node, message))
    return ()


def _tagged(problem: Problem, syntax: Syntax, node: Node) -> Iterator[Candidate]:
    """All constructors of the match that are not declared anywhere, if this is one of them."""
    path = next(node.walk("constructor_path"), None)
    if path is None or "." in path.text:
        return
    tags = {tag.text for tag in syntax.walk("tag")}
    matching = node.enclosing("match_expression", "function_expression")
    case = next((n for n in (node, *node.ancestors()) if n.kind == "match_case"), None)
    alike = [path]
    if matching is not None and case is not None:
        patterns = [c.field("pattern") for c in matching.named_children if c.kind == "match_case"]
        first = [next(p.walk("constructor_path"), None) for p in patterns if p is not None]
        alike = [p for p in first if p is not None and p.parent is not None and (p == path or f"`{p.text}" in tags)]
    edits = [TextEdit(p.start, p.start, "`") for p in alike]
    yield Candidate(f"It is a tag: `` `{path.text} ``", problem.edit(*edits), 0.93)


def _of_a_variant(problem: Problem, syntax: Syntax, node: Node, message: messages.UnboundName) -> Iterator[Candidate]:
    """An unbound constructor beside a tag of that name."""
    if f"`{message.name}" not in {tag.text for tag in syntax.walk("tag")}:
        return
    uses = [p for p in syntax.walk("constructor_path") if p.text == message.name]
    edits = [TextEdit(use.start, use.start, "`") for use in uses]
    if edits:
        times = f" ({len(edits)} times)" if len(edits) > 1 else ""
        yield Candidate(f"It is a tag: `` `{message.name} ``{times}", problem.edit(*edits), 0.9)


def _constructed(problem: Problem, syntax: Syntax, node: Node, message: messages.TypeClash) -> Iterator[Candidate]:
    """A tag where a type with a constructor of that name is wanted."""
    tag = next(node.walk("tag"), None)
    if tag is None or tag.start != node.start or not message.found.startswith("["):
        return
    module, _, owner = message.expected.split()[-1].rpartition(".")
    name = tag.text[1:]
    paths = [i.path for i in syntax.declared if i.kind == "constructor" and i.name == name and i.owner == owner]
    paths += [
        d.path for d in declared_elsewhere(problem) if d.kind == "constructor" and d.name == name and d.owner == owner
    ]
    for path in paths[:1]:
        written = path if "." in path and module else name
        edit = TextEdit(tag.start, tag.end, written)
        yield Candidate(f"It is a constructor: `{written}`", problem.edit(edit), 0.93)
