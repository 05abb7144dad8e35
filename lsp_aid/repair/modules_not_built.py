"""Modules that are not built as a view has them, written out in front of the text of a file that uses them.

What a change makes of a module is built apart and not kept: the type checker finds the module as it was, or nothing
where it was in error. With the module in front of it, what is asked about the file is answered for the view.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
    """Those of a library within one module of the library's name, as the file names them: a name is defined once."""
    stanzas: list[Stanza] = []
    for path in paths:
        _add(files[path][0], [files[other][0] for other in paths], stanzas)
    for stanza in sorted(stanzas, key=lambda one: one == own):
        texts = {path: _definition(problem, path) for path in paths if files[path][0] == stanza}
        if stanza == own or not stanza.is_wrapped:
            yield from texts.values()
            continue
        main = module_of((stanza.names or stanza.public_names)[0].replace("-", "_"))
        shown = next((path for path in texts if module_of(path) == main), None)
        inner = "".join(text for path, text in texts.items() if path != shown)
        within = main if shown is None else f"{main}__"  # dune names those behind a hand-written one in a module so
        if inner:
            yield f"module {within} = struct include {within} {inner} end\n"
        if shown is not None:
            is_alone = sum(theirs == stanza for theirs, _ in files.values()) == 1
            yield texts[shown] if is_alone else f"include struct open {within} {texts[shown]} end\n"


def _add(stanza: Stanza, known: Collection[Stanza], ordered: list[Stanza]) -> None:
    """Adds a stanza behind those of the known ones whose libraries it uses; libraries never use each other in turn."""
    if stanza in ordered:
        return
    for other in known:
        if other != stanza and {*other.names, *other.public_names} & set(stanza.libraries):
            _add(other, known, ordered)
    ordered.append(stanza)


def _definition(problem: Problem, path: str) -> str:
    name = module_of(path)
    interface = text_of(problem.view, f"{path}i")
    if interface is None:
        return f"module {name} = struct {text_of(problem.view, path) or ''}\nend\n"
    hidden = f"{name}_INTERFACE"
    shape = f"module type {hidden} = sig {interface}\nend\n"
    return f"{shape}module {name} = (val (Stdlib.Obj.magic 0 : (module {hidden})))\n"
