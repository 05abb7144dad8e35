"""Names of a module that other modules ask for in vain."""

from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.repair.family import Problem


def asked_for(problem: Problem, module: str) -> dict[str, Diagnostic]:
    """The values that other files seek in the module, such as `M.f`, by name; with the first error of each."""
    found: dict[str, Diagnostic] = {}
    for error in problem.errors:
        message = messages.read(error)
        if isinstance(message, messages.UnboundName) and message.sort == "value" and message.qualifier:
            last = message.qualifier.rpartition(".")[2]
            if last == module and module_of(error.path) != module:
                found.setdefault(message.name, error)
    return found


def wanted_elsewhere(problem: Problem, name: str) -> bool:
    """Whether another file asks for this name of the problem's file."""
    return name in asked_for(problem, module_of(problem.diagnostic.path))
