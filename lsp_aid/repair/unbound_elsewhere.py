"""Names of a module that other modules ask for in vain."""

import re
from collections.abc import Iterator

from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.text import SourceText
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.scope import opened
from lsp_aid.ocaml.syntax import parse
from lsp_aid.repair.family import Problem
from lsp_aid.repair.places import text_of


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


def wanted_elsewhere(problem: Problem, path: str) -> bool:
    """Whether another file asks for this path of the problem's file, by itself or for a functor."""
    module = module_of(problem.diagnostic.path)
    return path in asked_for(problem, module) or f"{module}.{path}" in set(_asked_within(problem))


def _asked_within(problem: Problem) -> Iterator[str]:
    """The paths of values that others do not find: by name, and for functors and module types."""
    for error in problem.errors:
        message = messages.read(error)
        if isinstance(message, messages.UnboundName) and message.sort == "value":
            yield message.path
            yield from _opened(problem, error, message.path)
        if isinstance(message, messages.SignatureMismatch) and not message.interface and error.path:
            source = SourceText(text_of(problem.view, error.path) or "")
            said = source.text[source.offset(error.range.start) : source.offset(error.range.end)]
            names = [e.name for e in message.entries if isinstance(e, messages.NotProvided)]
            for path in re.findall(r"\b[A-Z][\w']*(?:\.[A-Z][\w']*)*", said):
                parts = path.split(".")
                yield from (".".join((*parts[n:], name)) for n in range(len(parts)) for name in names)


def _opened(problem: Problem, error: Diagnostic, path: str) -> Iterator[str]:
    """The path in each of the modules that are open there, from the library's down to the module's alone."""
    text = text_of(problem.view, error.path)
    if text is None or not error.path.endswith((".ml", ".mli")):
        return
    for module in opened(parse(text, error.path), SourceText(text).offset(error.range.start)):
        parts = module.split(".")
        yield from (".".join((*parts[n:], path)) for n in range(len(parts)))
