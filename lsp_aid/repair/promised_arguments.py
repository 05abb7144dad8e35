"""Definitions that take less than the module type that their module is given for.

module type COMMAND, that has `run : Context.t -> string list -> int`
let run args = ...      let run _ctx args = ...      where another module takes it so: let run ctx args = ...

What a definition has no need of, it takes and leaves: the type is for all the modules, and not this one's to change.
"""

import itertools
import posixpath
import re
from collections.abc import Sequence

from lsp_aid.domain.text import SourceText, TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import parse
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import text_of
from lsp_aid.repair.type_shapes import Type, parameters, read, unified

_MOST = 8
_FILES_AT_MOST = 400


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.SignatureMismatch) or message.interface:
        return ()
    edits: dict[str, list[TextEdit]] = {}
    names = []
    for entry in [e for e in message.entries if isinstance(e, messages.Mismatch) and e.sort == "value"][:_MOST]:
        found = _taking_more(problem, entry)
        if found is None:
            return ()
        edits.setdefault(found[0], []).extend(found[1])
        names.append(entry.wanted.removeprefix("val ").partition(" :")[0])
    if not names or len(names) < len(message.entries):
        return ()
    shown = ", ".join(f"`{name}`" for name in dict.fromkeys(names))
    title = f"Take all that {shown} is given by its module type, used or not"
    return [Candidate(title, problem.edit_each(edits), 0.88)]


def _taking_more(problem: Problem, entry: messages.Mismatch) -> tuple[str, list[TextEdit]] | None:
    """The edits of a file that let the definition of an entry take what it lacks; None where more is wrong."""
    text = text_of(problem.view, entry.actual_at.path) if entry.actual_at is not None else None
    if entry.actual_at is None or text is None or not entry.actual_at.path.endswith(".ml"):
        return None
    path, source = entry.actual_at.path, SourceText(text)
    node = parse(text, path).node_at(
        source.offset(entry.actual_at.range.start), source.offset(entry.actual_at.range.end)
    )
    binding = node.enclosing("let_binding") if node is not None and node.kind != "let_binding" else node
    given, wanted = (read(declaration.partition(" : ")[2]) for declaration in (entry.given, entry.wanted))
    taken = [child for child in binding.children if child.kind == "parameter"] if binding is not None else []
    own, body = (binding.field(part) if binding is not None else None for part in ("pattern", "body"))
    is_function = taken or (body is not None and body.kind == "function_expression")
    if own is None or not is_function or any(one.text.startswith("?") for one in taken):
        return None
    name = entry.wanted.removeprefix("val ").partition(" :")[0]
    like = _elsewhere(problem, path, name, len(parameters(wanted)[0]))
    extra = _extra(given, wanted, [_bare(one.text) for one in taken], [_bare(one) for one in like])
    if extra is None or max(extra) > len(taken) + len(extra) - 1:
        return None
    asked = parameters(wanted)[0]
    edits: dict[int, str] = {}
    number = 0
    for place, one in enumerate(asked):
        if place in extra:
            at = taken[number].start if number < len(taken) else (taken or [own])[-1].end
            ignored = f"{one.label}:_" if one.label else f"_{_bare(like[place])}" if like else "_"
            edits[at] = edits.get(at, "") + (f"{ignored} " if number < len(taken) else f" {ignored}")
        else:
            number += 1
    return path, [TextEdit(at, at, added) for at, added in edits.items()]


def _extra(given: Type, wanted: Type, ours: Sequence[str], theirs: Sequence[str]) -> set[int] | None:
    """Which of the promised arguments the definition lacks: so that the types of the others agree, and their names
    with those that other modules have for them; in doubt the first."""
    (has, result), (asked, promised) = parameters(given), parameters(wanted)
    count = len(asked) - len(has)
    if count < 1 or unified(result, promised, {}) is None:
        return None
    best: tuple[float, set[int]] | None = None
    for left in itertools.combinations(range(len(asked)), count):
        kept = [n for n in range(len(asked)) if n not in left]
        if any(has[n].label != asked[m].label for n, m in enumerate(kept)):
            continue
        if any(unified(has[n].argument, asked[m].argument, {}) is None for n, m in enumerate(kept)):
            continue
        named = sum(1 for n, m in enumerate(kept) if n < len(ours) and theirs and ours[n] == theirs[m])
        if best is None or named > best[0]:
            best = named, set(left)
    return best[1] if best is not None else None


def _bare(parameter: str) -> str:
    """The name of a parameter, without its type, its label and the mark of what is not used."""
    found = re.match(r"[~(\s]*_?(?P<name>[a-z][\w']*)", parameter)
    return found["name"] if found is not None else ""


def _elsewhere(problem: Problem, path: str, name: str, count: int) -> list[str]:
    """The parameters of a definition of that name in another module, which takes them all: of the nearest."""
    head = re.compile(rf"\blet\s+(?:rec\s+)?{re.escape(name)}\b")
    paths = [p for p in problem.view.paths() if p.endswith(".ml")][:_FILES_AT_MOST]
    for other in sorted(paths, key=lambda p: posixpath.dirname(p) != posixpath.dirname(path)):
        text = text_of(problem.view, other)
        for binding in parse(text, other).walk("let_binding") if text is not None and head.search(text) else ():
            own = binding.child("value_name")
            taken = [child.text for child in binding.children if child.kind == "parameter"]
            if own is not None and own.text == name and len(taken) == count and all(map(_bare, taken)):
                return taken
    return []
