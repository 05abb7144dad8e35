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
    covered = {name for case in cases for name in _covered(case)}
    left = [name for name in declared.names if name not in covered]
    last = cases[-1].field("pattern")
    if last is None or last.text != "_" or cases[-1].child("guard") or not left:
        return ()
    qualifier = _qualifier(cases, declared)
    carrying = _carrying(problem, said[1])
    named = " | ".join(f"{qualifier}{name}{' _' if name in carrying else ''}" for name in left)
    edit = problem.edit(TextEdit(last.start, last.end, named))
    return [Candidate(f"Name what is left: `{named}`", edit, _WEIGHT)]


def _covered(case: Node) -> Iterator[str]:
    """The constructors that the case takes whatever they carry."""
    open_ = [case.field("pattern")] if case.child("guard") is None else []
    while open_:
        pattern = open_.pop()
        if pattern is not None and pattern.kind in ("or_pattern", "parenthesized_pattern"):
            open_ += pattern.named_children
        elif pattern is not None:
            path = next(pattern.walk("constructor_path"), None)
            carried = pattern.text[len(path.text) :].strip() if path is not None and path.start == pattern.start else ""
            if path is not None and path.start == pattern.start and _takes_all(carried):
                yield path.text.rpartition(".")[2]


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


def _carrying(problem: Problem, type_: str) -> frozenset[str]:
    """The constructors of the type that carry something."""
    module, _, name = type_.replace("__", ".").rpartition(".")
    own = problem.diagnostic.path
    file = file_of_module(problem, module.rpartition(".")[2]) if module else own
    paths = [file, f"{file}i"] if file is not None else []
    return frozenset(
        item.name
        for path in paths
        for item in ocaml_syntax.parse(text_of(problem.view, path) or "", path).declared
        if item.kind == "constructor" and item.owner == name and len(item.node.named_children) > 1
    )
