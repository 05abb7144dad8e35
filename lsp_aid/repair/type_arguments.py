"""Types that take arguments now, which the rest of the module says.

cache : Cache.t             cache : (string, Session.t) Cache.t

In its own definition a type has its own parameters, and so have those that are defined together.

type 'a t = { children : t list }     type 'a t = { children : 'a t list }
"""

import itertools
import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.errors import AidError
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import EVERYTHING, AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import modules_of, node_of, text_of, tree

_ARITY = re.compile(r"The type constructor \"?([\w.']+)\"? expects (\d+) argument\(s\), but is here applied to 0 ")
_BASIC = ("string", "int", "float", "bool", "unit")
_MOST = 90
_MENTIONED = re.compile(r"\b[A-Z][\w']*(?:\.[A-Z][\w']*)*\.t\b")
_OWN = re.compile(r"^(?:type|and) (?:nonrec )?([a-z_]\w*) *=", re.MULTILINE)


async def candidates(problem: Problem) -> Sequence[Candidate]:
    said = _ARITY.search(problem.diagnostic.flat_message)
    path = problem.diagnostic.path
    if said is not None and (own := list(_own_parameters(problem, said[1], int(said[2])))):
        return own
    if said is None or problem.typing is None or int(said[2]) > 2:
        return ()
    implementation = path.removesuffix("i") if path.endswith(".mli") else path
    text = text_of(problem.view, implementation)
    if text is None or not path.endswith((".ml", ".mli")):
        return ()
    try:
        flags = await problem.typing.flags_for(implementation)
    except AidError:
        return ()
    if flags is None:
        return ()
    asked = AskedTypes(problem.typing.typer, flags, implementation, text)
    ways = list(itertools.islice(_ways(problem, text, said[1], int(said[2])), _MOST))
    reached = await asked.reached([_applied(text, said[1], way) for way in ways])
    fitting = [way for way, far in zip(ways, reached, strict=True) if far == EVERYTHING]
    return [_candidate(problem, implementation, said[1], way, n) for n, way in enumerate(fitting[:4])]


def _own_parameters(problem: Problem, name: str, size: int) -> Iterator[Candidate]:
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    binding = node.enclosing("type_binding") if node is not None else None
    definition = binding.parent if binding is not None else None
    if binding is None or definition is None:
        return
    names = [one.child("type_constructor") for one in definition.named_children if one.kind == "type_binding"]
    head = binding.child("type_constructor")
    variables = [child for child in binding.named_children if child.kind == "type_variable"]
    own = [child.text for child in variables if head is not None and child.end <= head.start]
    if len(own) != size or name not in [one.text for one in names if one is not None]:
        return
    uses = [one for one in binding.walk("type_constructor_path") if one.text == name and not _is_applied(one)]
    written = own[0] if size == 1 else f"({', '.join(own)})"
    change = problem.edit(*(TextEdit(use.start, use.start, f"{written} ") for use in uses))
    yield Candidate(f"`{name}` has parameters in its own definition: `{written} {name}`", change, 0.96)


def _is_applied(path: Node) -> bool:
    """Whether arguments stand before a type."""
    above = path.parent
    return above is not None and above.kind == "constructed_type" and above.named_children[-1] == path


def _ways(problem: Problem, text: str, name: str, size: int) -> Iterator[tuple[str, ...]]:
    """Those that the module mentions first."""
    both = text + (text_of(problem.view, problem.diagnostic.path) or "")
    mentioned = [one for one in dict.fromkeys(_MENTIONED.findall(both)) if one != name]
    basic = sorted(_BASIC, key=lambda one: not re.search(rf"\b{one}\b", both))
    near = [f"{path}.t" for path, is_near in modules_of(problem) if is_near and f"{path}.t" != name]
    own = [one for one in dict.fromkeys(_OWN.findall(text)) if name not in text.partition(f" {one} ")[2][:200]]
    known = list(dict.fromkeys([*basic[:2], *mentioned[:4], *own[:3], *basic[2:], *near[:4]]))
    yield from itertools.product(known[:12], repeat=size)


def _applied(text: str, name: str, way: Sequence[str]) -> str:
    written = way[0] if len(way) == 1 else f"({', '.join(way)})"
    return _bare(name).sub(f"{written} {name}", text)


def _bare(name: str) -> re.Pattern[str]:
    """The type where nothing stands before it that it could be applied to."""
    return re.compile(rf"(?<![\w')] )(?<![\w'.]){re.escape(name)}(?![\w'.])")


def _candidate(problem: Problem, implementation: str, name: str, way: Sequence[str], number: int) -> Candidate:
    changes = ChangeSet()
    for path in (implementation, f"{implementation}i"):
        text = text_of(problem.view, path)
        if text is not None and (after := _applied(text, name, way)) != text:
            changes = changes.then(problem.edit(TextEdit(0, len(text), after), path=path))
    return Candidate(f"`{name}` takes arguments: `{_applied(name, name, way)}`", changes, 0.9 - 0.1 * number)
