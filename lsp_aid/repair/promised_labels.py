"""Definitions without the labels that an interface or a module type has for what they take.

val put : t -> key:string -> unit       let put t key = ...       let put t ~key = ...
module type CLOCK, that has `sleep : seconds:float -> unit`       let sleep = Unix.sleepf
                                                                  let sleep ~seconds = Unix.sleepf seconds

Who writes labels into a type means them: the definition follows, wherever it is.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import SourceText, TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, parse
from lsp_aid.repair.calls_in_code import ATOMS
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import text_of
from lsp_aid.repair.type_shapes import Type, parameters, read

_MOST = 8
_ADDED, _CHANGED = 0.9, 0.7
_LABELLED = re.compile(r"~(?:(?P<name>[\w']+)(?::(?P<pattern>.*))?|(?P<typed>\(.*\)))$", re.DOTALL)
_TYPED = re.compile(r"\(\s*([\w']+)\s*:")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.SignatureMismatch):
        return ()
    own = f"{posixpath.splitext(problem.diagnostic.path)[0]}.mli"
    edits: dict[str, list[TextEdit]] = {}
    names, is_added = [], True
    for entry in [e for e in message.entries if isinstance(e, messages.Mismatch) and e.sort == "value"][:_MOST]:
        given, wanted = (_labels(text) for text in (entry.given, entry.wanted))
        adds = all(not ours or ours == theirs for ours, theirs in zip(given, wanted, strict=False))
        is_own = entry.expected_at is not None and entry.expected_at.path == own
        made = _relabelled(problem, entry, given, wanted) if adds or not is_own else None
        if made is not None:
            path, edited = made
            edits.setdefault(path, []).extend(edited)
            is_added = is_added and adds
            names.append(entry.wanted.removeprefix("val ").partition(" :")[0])
    if not names:
        return ()
    shown = ", ".join(f"`{name}`" for name in dict.fromkeys(names))
    changes = problem.edit_each({path: list(dict.fromkeys(edited)) for path, edited in edits.items()})
    return [
        Candidate(f"Take the arguments of {shown} with the labels promised", changes, _ADDED if is_added else _CHANGED)
    ]


def _labels(declaration: str) -> list[str]:
    return [one.label for one in _takes(declaration)]


def _takes(declaration: str) -> list[Type]:
    return parameters(read(declaration.partition(" : ")[2]))[0]


def _relabelled(
    problem: Problem, entry: messages.Mismatch, given: Sequence[str], wanted: Sequence[str]
) -> tuple[str, list[TextEdit]] | None:
    """The edits of a file that give the definition of an entry other labels; None where more than labels is wrong."""
    text = text_of(problem.view, entry.actual_at.path) if entry.actual_at is not None else None
    differ = [n for n, (ours, theirs) in enumerate(zip(given, wanted, strict=False)) if ours != theirs]
    is_optional = any(label.startswith("?") for n in differ for label in (given[n], wanted[n]))
    if entry.actual_at is None or text is None or not differ or is_optional or len(given) < len(wanted):
        return None
    path, source = entry.actual_at.path, SourceText(text)
    start, end = source.offset(entry.actual_at.range.start), source.offset(entry.actual_at.range.end)
    node = parse(text, path).node_at(start, end)
    around = next((n for n in (node, *node.ancestors()) if n.kind in _DEFINITIONS), None) if node is not None else None
    if around is None:
        return None
    edits = list(_in_type(around, differ, wanted) if path.endswith(".mli") else _in_code(around, differ, wanted))
    return (path, edits) if edits else None


_DEFINITIONS = ("let_binding", "value_specification")


def _in_type(specification: Node, differ: Sequence[int], wanted: Sequence[str]) -> Iterator[TextEdit]:
    """Labels that are new in the interface of the module that is asked for them."""
    type_ = specification.field("type")
    number = 0
    while type_ is not None and type_.kind == "function_type":
        domain = type_.field("domain")
        if number in differ and domain is not None and wanted[number]:
            yield TextEdit(domain.start, domain.start, f"{wanted[number][1:]}:")
        type_, number = type_.field("codomain"), number + 1


def _in_code(binding: Node, differ: Sequence[int], wanted: Sequence[str]) -> Iterator[TextEdit]:
    taken = [child for child in binding.children if child.kind == "parameter"]
    body = binding.field("body")
    while body is not None and body.kind == "fun_expression":
        taken += [child for child in body.children if child.kind == "parameter"]
        body = body.field("body")
    order = _order([one.text for one in taken], wanted)
    for number, (one, other) in enumerate(zip(taken, order, strict=True)):
        if number in differ or number != other:
            label = wanted[number] if number < len(wanted) else ""
            yield TextEdit(one.start, one.end, _parameter(taken[other].text, label))
    further = wanted[len(taken) : max(differ) + 1]
    if not further or body is None:
        return
    if body.kind not in (*ATOMS, "application_expression"):  # what it is cannot be applied just so
        return
    names = [label[1:] or f"x{number}" for number, label in enumerate(further)]
    shown = [label or name for label, name in zip(further, names, strict=True)]
    name = binding.field("pattern")
    at = taken[-1].end if taken else name.end if name is not None else body.start
    yield TextEdit(at, at, "".join(f" {one}" for one in shown))
    yield TextEdit(body.end, body.end, "".join(f" {one}" for one in names))


def _order(taken: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Which parameter is to stand at each place: one that is called like a label stands where that does."""
    named = {label[1:]: number for number, label in enumerate(wanted[: len(taken)]) if label[1:] in taken}
    if len(set(taken)) < len(taken) or not named:
        return list(range(len(taken)))
    rest = iter([number for number, text in enumerate(taken) if text not in named])
    places = {number: taken.index(name) for name, number in named.items()}
    return [places[number] if number in places else next(rest) for number in range(len(taken))]


def _parameter(text: str, label: str) -> str:
    """A parameter with another label, or none."""
    said = _LABELLED.match(text)
    pattern = (said["typed"] or said["pattern"] or said["name"]) if said is not None else text
    if not label:
        return pattern
    typed = _TYPED.match(pattern)
    if pattern == label[1:]:
        return label
    return f"~{pattern}" if typed is not None and typed[1] == label[1:] else f"{label}:{pattern}"
