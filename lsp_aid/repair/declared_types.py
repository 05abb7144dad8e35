"""The parts of a type that the project declares: the fields of a record, the constructors of a variant."""

from attrs import frozen

from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.repair.family import Problem
from lsp_aid.repair.places import declared_elsewhere, text_of


@frozen
class Parts:
    """`names` are fields or constructors, in their order; `module` is what stands before them, empty in this file."""

    module: str
    names: tuple[str, ...]

    def path(self, name: str) -> str:
        return f"{self.module}.{name}" if self.module else name


def fields(problem: Problem, head: str) -> Parts | None:
    """The fields of the record type that the compiler prints as `head`; None where it is none of the project's."""
    return _parts(problem, head, "record field")


def constructors(problem: Problem, head: str) -> Parts | None:
    return _parts(problem, head, "constructor")


def _parts(problem: Problem, head: str, kind: str) -> Parts | None:
    module, _, name = head.replace("__", ".").rpartition(".")
    text = text_of(problem.view, problem.diagnostic.path) or ""
    if not module or module == module_of(problem.diagnostic.path):
        declared = ocaml_syntax.parse(text, problem.diagnostic.path).declared
        own = [item.name for item in declared if item.kind == kind and item.owner == name and not item.within]
        return Parts("", tuple(own)) if own else None
    found: dict[str, list[str]] = {}
    for one in declared_elsewhere(problem):
        around = one.path.rpartition(".")[0]
        if one.kind == kind and one.owner == name and (around == module or around.endswith(f".{module}")):
            found.setdefault(around, []).append(one.name)
    if not found:
        return None
    around, names = next(iter(found.items()))
    return Parts(module, tuple(dict.fromkeys(names)))
