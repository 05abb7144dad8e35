"""Module types, functors and exceptions that an interface and its implementation do not declare alike.

module type S = sig val run : t end in the .mli       sig val name : string val run : t end, as the .ml has it
module Make (K : KEY) : S in the .mli                 module Make (K : KEY) (C : CLOCK) : S, as the .ml has it
exception Bad of string in the .mli                   exception Bad of string * int, as the .ml raises it

The newer declaration is more often that in the .ml; not where the .mli alone has something that others use.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages, syntax
from lsp_aid.ocaml.syntax import Item, Node, Syntax
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.interface_declarations import brought_to, signature_brought_to
from lsp_aid.repair.places import text_of

_AT = re.compile(r"At position [\"`]?module type ([A-Z][\w']*) = ")
_ARGUMENTS = re.compile(r"An (?:extra )?argument is (?:provided|missing|expected)")
_EXTENDED = re.compile(r"type exn \+= ([A-Z][\w']*)")
_FILES_AT_MOST = 400
_NEWER, _OLDER, _USED = 0.78, 0.45, 0.85


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    stem = posixpath.splitext(problem.diagnostic.path)[0]
    implementation, interface = text_of(problem.view, f"{stem}.ml"), text_of(problem.view, f"{stem}.mli")
    if not isinstance(message, messages.SignatureMismatch) or not message.interface:
        return ()
    if implementation is None or interface is None:
        return ()
    ml, mli = syntax.parse(implementation, f"{stem}.ml"), syntax.parse(interface, f"{stem}.mli")
    flat = problem.diagnostic.flat_message
    found: list[Candidate] = []
    if names := list(dict.fromkeys(_AT.findall(flat))):
        found += _module_types(problem, ml, mli, names)
    elif _ARGUMENTS.search(flat):
        found += _functors(problem, ml, mli, {e.within[0] for e in message.entries if e.within} or set(_within(flat)))
    if raised := _EXTENDED.findall(flat):
        found += _exceptions(problem, ml, mli, raised[0])
    return found


def is_of_module_types(flat: str) -> bool:
    """Whether a message is about what is in module types: no value of the module itself is missing then."""
    return bool(_AT.search(flat))


def _item(tree: Syntax, name: str, kind: str) -> Item | None:
    return next((item for item in tree.items if item.name == name and item.kind == kind), None)


# --- module types ---


def _module_types(problem: Problem, ml: Syntax, mli: Syntax, names: Sequence[str]) -> Iterator[Candidate]:
    pairs = [(_item(ml, name, "module type"), _item(mli, name, "module type")) for name in names]
    known = [(ours.node, theirs.node) for ours, theirs in pairs if ours is not None and theirs is not None]
    if len(known) < len(pairs):
        return
    in_mli = {name for ours, theirs in known for name in _names(theirs) - _names(ours)}
    in_ml = {name for ours, theirs in known for name in _names(ours) - _names(theirs)}
    is_older = bool(in_mli) and not in_ml and _is_used(problem, in_mli, mli.path, known)
    shown = ", ".join(f"`{name}`" for name in names)
    for file, where in ((mli, "interface"), (ml, "implementation")):
        ways = [(theirs, ours) if file is mli else (ours, theirs) for ours, theirs in known]
        edits = [edit for old, new in ways for edit in _made_alike(old, new)]
        weight = _NEWER if (file is mli) is not is_older else _OLDER
        title = f"Declare the module type {shown} in the {where} as the other file does"
        if edits:
            yield Candidate(title, problem.edit(*edits, path=file.path), weight)


def _names(definition: Node) -> set[str]:
    kinds = ("value_name", "type_constructor", "module_name", "constructor_name")
    return {n.text for n in definition.walk(*kinds) if n.parent is not None and not n.parent.kind.endswith("_path")}


def _made_alike(old: Node, new: Node) -> list[TextEdit]:
    ours, theirs = (node.named_children[-1] for node in (old, new))
    return signature_brought_to(ours, theirs)


def _is_used(problem: Problem, names: set[str], own: str, known: Sequence[tuple[Node, Node]]) -> bool:
    """Whether the .ml names one of them outside the module types, or another file does."""
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\b")
    for path in [p for p in problem.view.paths() if p.endswith((".ml", ".mli")) and p != own][:_FILES_AT_MOST]:
        text = text_of(problem.view, path) or ""
        inside = [(ours.start, ours.end) for ours, _ in known if ours.syntax.path == path]
        if any(not any(start <= m.start() < end for start, end in inside) for m in pattern.finditer(text)):
            return True
    return False


# --- functors ---


def _within(flat: str) -> Iterator[str]:
    yield from re.findall(r"In module [\"`]?([A-Z][\w']*)[\"']?:", flat)


def _functors(problem: Problem, ml: Syntax, mli: Syntax, names: set[str]) -> Iterator[Candidate]:
    for name in sorted(names):
        ours, theirs = _item(ml, name, "module"), _item(mli, name, "module")
        new, old = (_parameters(item.node) if item is not None else None for item in (ours, theirs))
        if new is None or old is None:
            continue
        text = ml.text[new[0] : new[1]]
        change = problem.edit(TextEdit(old[0], old[1], text), path=mli.path)
        yield Candidate(f"`{name}` takes `{' '.join(text.split())}` in the interface as well", change, _NEWER)


def _parameters(binding: Node) -> tuple[int, int] | None:
    """Where the parameters of a functor are; behind its name where it has none."""
    found = [child for child in binding.children if child.kind == "module_parameter"]
    name = binding.child("module_name")
    if found:
        return found[0].start, found[-1].end
    return (name.end, name.end) if name is not None else None


# --- exceptions ---


def _exceptions(problem: Problem, ml: Syntax, mli: Syntax, name: str) -> Iterator[Candidate]:
    ours, theirs = _item(ml, name, "exception"), _item(mli, name, "exception")
    if ours is None or theirs is None:
        return
    for new, old, file, weight in ((ours, theirs, mli, _NEWER), (theirs, ours, ml, _OLDER)):
        edits = brought_to(old.definition, new.definition)
        where = "interface" if file is mli else "implementation"
        title = f"Declare the exception `{name}` in the {where} as the other file does"
        yield Candidate(title, problem.edit(*edits, path=file.path), weight)
