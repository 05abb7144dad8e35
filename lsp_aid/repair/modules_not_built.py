"""Modules that are not built as a view has them, written out in front of the text of a file that uses them.

What a change makes of a module is built apart and not kept: the type checker finds the module as it was, or nothing
where it was in error. With the module in front of it, what is asked about the file is answered for the view.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from lsp_aid.domain.overlay import Overlay
from lsp_aid.ocaml import dune_stanzas
from lsp_aid.ocaml.dune_stanzas import Stanza, module_of
from lsp_aid.repair.family import Problem
from lsp_aid.repair.places import stanzas_of, text_of

_MOST_CHARACTERS = 100_000
_MODULE = re.compile(r"\b[A-Z][\w']*")


def modules_not_built(problem: Problem) -> str:
    """The modules that the file of the error uses and the view changes, or that use such ones; empty for none, and
    where they are too long."""
    changed = _changed(problem)
    here = problem.diagnostic.path
    if not changed - {here, f"{here}i"}:
        return ""
    own, files, order = _order(problem)
    stale: set[str] = set()
    for path in order:  # what a module uses comes before it
        used = [other for other in stale if module_of(other) in _words(files[path][1])]
        is_changed = path in changed or (f"{path}i" in changed and text_of(problem.view, f"{path}i") is not None)
        if is_changed or used:
            stale.add(path)
    return _at_most(_written(problem, [path for path in order if path in stale], files, own))


def used_modules(problem: Problem) -> str:
    """All modules that the file of the error uses, for where none is built; empty where they are too long."""
    own, files, order = _order(problem)
    return _at_most(_written(problem, order, files, own))


def _at_most(written: Iterable[str]) -> str:
    text = "".join(written)
    return text if len(text) <= _MOST_CHARACTERS else ""


def _order(problem: Problem) -> tuple[Stanza | None, dict[str, tuple[Stanza, str]], list[str]]:
    """The stanza of the file of the error, the modules that it can use, and those that it does, in their order."""
    here = problem.diagnostic.path
    stanzas = stanzas_of(problem)
    own = dune_stanzas.owner(here, stanzas)
    files = {} if own is None else dict(_modules(problem, own, stanzas))
    words = {path: _words(text) for path, (_, text) in files.items()}
    order: list[str] = []
    _follow(here, _words(text_of(problem.view, here) or ""), files, words, order)
    return own, files, order


def _changed(problem: Problem) -> set[str]:
    """The OCaml files that the overlays of the view change."""
    found: set[str] = set()
    view = problem.view
    while isinstance(view, Overlay):
        found |= {path for path in view.changes.paths if path.endswith((".ml", ".mli"))}
        view = view.base
    return found


@lru_cache(maxsize=800)
def _words(text: str) -> frozenset[str]:
    return frozenset(_MODULE.findall(text))


def _modules(problem: Problem, own: Stanza, stanzas: Sequence[Stanza]) -> Iterator[tuple[str, tuple[Stanza, str]]]:
    """The modules that a file of the stanza can use: those of it and of its libraries, with their texts."""
    paths = list(problem.view.paths())
    for path in paths:
        if not path.endswith(".ml") or path == problem.diagnostic.path:
            continue
        theirs = dune_stanzas.owner(path, stanzas)
        if theirs is None or (theirs != own and not {*theirs.names, *theirs.public_names} & set(own.libraries)):
            continue
        text = text_of(problem.view, path)
        interface = text_of(problem.view, f"{path}i") or ""
        if text is not None:
            yield path, (theirs, f"{interface}\n{text}" if interface else text)


def _follow(
    path: str,
    used: frozenset[str],
    files: Mapping[str, tuple[Stanza, str]],
    words: Mapping[str, frozenset[str]],
    order: list[str],
    depth: int = 0,
) -> None:
    """Adds what a module uses to the order, each behind what it uses itself."""
    for other in files:
        if module_of(other) in used and other != path and other not in order and depth < len(files):
            _follow(other, words[other], files, words, order, depth + 1)
            if other not in order:
                order.append(other)


def _written(
    problem: Problem, paths: Sequence[str], files: Mapping[str, tuple[Stanza, str]], own: Stanza | None
) -> Iterator[str]:
    """Those of libraries within a module of the library's name, as the file names them."""
    for path in paths:
        stanza = files[path][0]
        text = _definition(problem, path)
        if stanza != own and stanza.is_wrapped:
            main = module_of((stanza.names or stanza.public_names)[0].replace("-", "_"))
            text = f"module {main} = struct include {main} {text} end\n" if main != module_of(path) else text
        yield text


def _definition(problem: Problem, path: str) -> str:
    name = module_of(path)
    interface = text_of(problem.view, f"{path}i")
    if interface is None:
        return f"module {name} = struct {text_of(problem.view, path) or ''}\nend\n"
    hidden = f"{name}_INTERFACE"
    shape = f"module type {hidden} = sig {interface}\nend\n"
    return f"{shape}module {name} = (val (Stdlib.Obj.magic 0 : (module {hidden})))\n"
