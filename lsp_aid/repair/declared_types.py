"""The parts of a type that the project declares: the fields of a record, the constructors of a variant."""

from attrs import evolve, frozen

from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.repair.family import Problem
from lsp_aid.repair.places import declared_elsewhere, file_of_module, text_of
from lsp_aid.repair.type_shapes import Type, read

ABBREVIATED = ("constructed_type", "type_constructor_path", "tuple_type", "function_type")


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


def stood_for(problem: Problem, type_: Type) -> Type | None:
    """What a type of another module of the project is an abbreviation of, as its interface shows it; None where it is
    none, or has parameters."""
    module, _, name = type_.head.replace("__", ".").rpartition(".")
    file = file_of_module(problem, module.rpartition(".")[2]) if module and not type_.parts else None
    if file is None:
        return None
    text = text_of(problem.view, f"{file}i") or text_of(problem.view, file) or ""
    items = ocaml_syntax.parse(text, file if text_of(problem.view, f"{file}i") is None else f"{file}i").items
    types = {item.name: item.node.field("body") for item in items if item.kind == "type"}
    body = types.get(name)
    if body is None or body.kind not in ABBREVIATED or "'" in body.text:
        return None
    return _named_in(module, read(body.text), frozenset(types))


def _named_in(module: str, type_: Type, own: frozenset[str]) -> Type:
    """The type as another module has to write it."""
    parts = tuple(_named_in(module, part, own) for part in type_.parts)
    return evolve(type_, head=f"{module}.{type_.head}" if type_.head in own else type_.head, parts=parts)


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
