"""Cases for all that is left, where the project wants each constructor to be named (warning 4, which dune's profiles
leave off and careful projects turn on).

    match t with                    match t with
    | Fruticose -> true             | Fruticose -> true
    | _ -> false                    | Crustose | Foliose | Squamulose -> false
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.declared_types import Parts, constructors
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.missing_cases import matching_at
from lsp_aid.repair.places import file_of_module, text_of, tree

_WARNING = 4
_TYPE = re.compile(r"constructors are added to type (?:\w+?__)*([\w'.]+?)\.?$")
"""Without the library that wraps the module: `Plants__Thallus.t` is `Thallus.t` within it."""
_ANYTHING = re.compile(r"_|\{ _ \}|(?!true\b|false\b)[a-z_][\w']*")
_WEIGHT = 0.93


async def candidates(problem: Problem) -> Sequence[Candidate]:
    said = _TYPE.search(problem.diagnostic.flat_message)
    syntax = tree(problem) if messages.warning_number(problem.diagnostic) == _WARNING and said else None
    matching = matching_at(syntax, problem.start, problem.end) if syntax else None
    declared = constructors(problem, said[1]) if said and matching else None
    if said is None or matching is None or declared is None:
        return ()
    cases = [child for child in matching.children if child.kind == "match_case"]
    left = [name for name in declared.names if name not in _covered(cases)]
    last = cases[-1].field("pattern")
    if last is None or last.text != "_" or cases[-1].child("guard") or not left:
        return ()
    carrying = _carrying(problem, said[1])
    if carrying is None or not all(name in declared.names for case in cases[:-1] for name, _ in _alternatives(case)):
        return ()  # the type may be that of something within what is matched
    qualifier = _qualifier(cases, declared)
    named = " | ".join(f"{qualifier}{name}{' _' if name in carrying else ''}" for name in left)
    edit = problem.edit(TextEdit(last.start, last.end, named))
    return [Candidate(f"Name what is left: `{named}`", edit, _WEIGHT)]


def _alternatives(case: Node) -> Iterator[tuple[str, str]]:
    """The constructor of each alternative of a case, empty where it is none, and what stands behind it."""
    open_ = [case.field("pattern")]
    while open_:
        pattern = open_.pop()
        if pattern is not None and pattern.kind in ("or_pattern", "parenthesized_pattern"):
            open_ += pattern.named_children
        elif pattern is not None:
            path = pattern if pattern.kind == "constructor_path" else pattern.child("constructor_path")
            is_head = path is not None and pattern.kind in ("constructor_path", "constructor_pattern")
            name = path.text.rpartition(".")[2] if path is not None and is_head else ""
            yield name, pattern.text[len(path.text) :].strip() if path is not None and is_head else ""


def _covered(cases: Sequence[Node]) -> set[str]:
    """The constructors that are taken whatever they carry."""
    sure = (case for case in cases if case.child("guard") is None)
    return {name for case in sure for name, carried in _alternatives(case) if name and _takes_all(carried)}


def _takes_all(carried: str) -> bool:
    parts = [part.strip() for part in carried.strip("()").split(",")]
    return not carried or all(_ANYTHING.fullmatch(part) for part in parts)


def _qualifier(cases: Sequence[Node], declared: Parts) -> str:
    """What the other cases have before their constructors."""
    for case in cases:
        path = next(case.walk("constructor_path"), None)
        if path is not None and path.text.rpartition(".")[2] in declared.names:
            module = path.text.rpartition(".")[0]
            return f"{module}." if module else ""
    return ""


def _carrying(problem: Problem, type_: str) -> set[str] | None:
    """The constructors of the type that carry something; None where its declaration is not found."""
    module, _, name = type_.rpartition(".")
    own = problem.diagnostic.path
    file = file_of_module(problem, module.rpartition(".")[2]) if module else own
    declared = [
        item
        for path in ([file, f"{file}i"] if file is not None else [])
        for item in ocaml_syntax.parse(text_of(problem.view, path) or "", path).declared
        if item.kind == "constructor" and item.owner == name
    ]
    return {item.name for item in declared if len(item.node.named_children) > 1} if declared else None
