"""A module of the project that goes by another name now, wherever the project names it; or by several.

open Strings, Strings.trim s      open Text_util, Text_util.trim s      where that has all that is asked of `Strings`
module S = Lib.Strings            module S = Lib.Text_util              in the files of other libraries
Strings.trim, Strings.join        Trimmed.trim, Joined.join             where it was divided
"""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Self

from attrs import frozen

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_stanzas, messages
from lsp_aid.ocaml.scope import opened
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.dune_places import Dunes, read_dunes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import indent, newline
from lsp_aid.repair.missing_library import offering
from lsp_aid.repair.module_uses import Use, kind_of, use_of
from lsp_aid.repair.places import declared_elsewhere, file_of_module, text_of, tree
from lsp_aid.repair.similarity import words_in_common

_FILES_AT_MOST = 400
_WAYS_AT_MOST = 3
_WAS = (
    r"(?i:was|were|formerly|previously|used to be|(?:renamed|moved|split|taken) (?:\w+ )?from)"
    r"[\s:]+(?:(?:once|called|named|known|as|the|module|file|part|of|in)\s+){0,4}[`'\"{!\[]*"
)
_SURE, _DIVIDED, _LIKELY, _PARTLY = 0.93, 0.85, 0.7, 0.5

_Names = Set[tuple[str, str]]


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.UnboundName) or message.sort != "module":
        return ()
    if tree(problem) is None or file_of_module(problem, message.name) is not None:  # it is there, and not built
        return ()
    uses = list(_uses(problem, message.name, message.qualifier))
    asked = {one for use in uses for one in use.asked}
    may_ask = {one for use in uses for one in use.may_ask}
    has = _modules(problem, message.qualifier)
    fitting = [module for module, names in has.items() if (asked and asked <= names) or (not asked and may_ask & names)]
    if fitting:
        return list(_renamed(problem, message.name, uses, {module: has[module] for module in fitting}))
    return list(_divided(problem, message.name, uses, has))


def _modules(problem: Problem, qualifier: str) -> dict[str, _Names]:
    """What each module has that may stand in the place, by its name there."""
    has: dict[str, set[tuple[str, str]]] = {}
    for one in declared_elsewhere(problem):
        kind = kind_of(one.kind)
        paths = [path.rpartition(".")[0] for path in (one.short, one.path)]
        if not qualifier:
            has.setdefault(paths[0], set()).add((kind, one.name))
        else:
            inner = [path.removeprefix(f"{qualifier}.") for path in paths if path.startswith(f"{qualifier}.")]
            if inner and "." not in inner[0]:
                has.setdefault(inner[0], set()).add((kind, one.name))
    has.pop("", None)
    return dict(has)


# --- where ---


def _uses(problem: Problem, old: str, qualifier: str) -> Iterator[Use]:
    """All places of the project that can mean it."""
    dunes = read_dunes(problem.view)
    own = dune_stanzas.owner(problem.diagnostic.path, dunes.stanzas)
    main = own.main_module if own is not None and own.kind == "library" else ""
    around = qualifier.rpartition(".")[2] if qualifier else main
    elsewhere = _Elsewhere.of(problem, dunes, own, old)
    paths = [p for p in problem.view.paths() if p.endswith((".ml", ".mli"))]
    paths.sort(key=lambda path: path != problem.diagnostic.path)
    for path in paths[:_FILES_AT_MOST]:
        text = text_of(problem.view, path)
        if text is None or old not in text:
            continue
        syntax = parse(text, path)
        if any(item.kind == "module" and item.name == old for item in syntax.declared):
            continue
        theirs = dune_stanzas.owner(path, dunes.stanzas)
        is_inside = theirs == own and not qualifier
        for node in syntax.walk("module_name"):
            if node.text != old or node.parent is None or "path" not in node.parent.kind:
                continue
            before = node.parent.children[0]
            if before != node:
                is_meant = before.text.rpartition(".")[2] == around
            else:
                opens = {one.rpartition(".")[2] for one in (*opened(syntax, node.start), *_opens(theirs))}
                is_meant = (is_inside or around in opens) and not elsewhere.may_have_it(path, theirs, opens)
            if is_meant:
                yield use_of(node)


def _opens(stanza: dune_stanzas.Stanza | None) -> tuple[str, ...]:
    return stanza.opens if stanza is not None else ()


@frozen
class _Elsewhere:
    """What else may have a module of the old name: libraries, and modules that have it within. Not so in files that the
    compiler says lack it."""

    in_error: Set[str]
    libraries: Set[str]
    modules: Set[str]

    @classmethod
    def of(cls, problem: Problem, dunes: Dunes, own: dune_stanzas.Stanza | None, old: str) -> Self:
        lacking = {
            error.path
            for error in problem.errors
            if isinstance(said := messages.read(error), messages.UnboundName) and said.name == old
        }
        libraries = {library for library, _ in offering(old, own, dunes)} if own is not None else set()
        paths = (one.path for one in declared_elsewhere(problem) if one.kind == "module" and one.name == old)
        return cls(lacking, libraries, {path.split(".")[-2] for path in paths if "." in path})

    def may_have_it(self, path: str, stanza: dune_stanzas.Stanza | None, opens: Set[str]) -> bool:
        is_linked = stanza is not None and bool(self.libraries & {*stanza.libraries})
        return path not in self.in_error and (is_linked or bool(self.modules & opens))


# --- which ---


def _renamed(problem: Problem, old: str, uses: Sequence[Use], fitting: Mapping[str, _Names]) -> Iterator[Candidate]:
    """The modules that have all that the project asks of the one that is gone."""
    asked = {one for use in uses for one in use.asked}
    may_ask = {one for use in uses for one in use.may_ask}
    users = {module for module in fitting if _names(problem, module, old)}
    is_told = {module: module not in users and _tells(problem, module, old) for module in fitting}

    def rank(module: str) -> tuple[bool, bool, float, int]:
        return module in users, not is_told[module], -words_in_common(module, old), -len(may_ask & fitting[module])

    for number, module in enumerate(sorted(fitting, key=rank)[:_WAYS_AT_MOST]):
        edits = [(use.node, module) for use in uses]
        often = f" ({len(edits)} times)" if len(edits) > 1 else ""
        is_alike = is_told[module] or words_in_common(module, old) > 0
        weight = _SURE if is_alike or len(asked) > 1 else _LIKELY
        if not asked and not is_alike:
            weight = _LIKELY if len(may_ask & fitting[module]) > 1 else _PARTLY
        if module in users:
            weight = _PARTLY
        title = f"`{module}` has all that is asked of `{old}`{often}"
        share = 1 if is_told[module] else len(fitting) ** 0.5
        yield Candidate(title, _changed(problem, edits), (weight - 0.1 * number) / share)


def _tells(problem: Problem, module: str, old: str) -> bool:
    """Whether a comment in the file of the module says that it had the old name, as in `(* was strings.ml *)`."""
    told = re.compile(rf"\b{_WAS}(?:[\w/]*/|(?:\w+\.)*)[{old[0]}{old[0].lower()}]{re.escape(old[1:])}\b")
    syntax = _file_of(problem, module)
    return syntax is not None and any(told.search(comment.text) for comment in syntax.walk("comment"))


def _names(problem: Problem, module: str, old: str) -> bool:
    """Whether the file of the module itself uses the one of the old name, which then is there."""
    syntax = _file_of(problem, module)
    nodes = syntax.walk("module_name") if syntax is not None else ()
    return any(n.text == old and n.parent is not None and "path" in n.parent.kind for n in nodes)


def _file_of(problem: Problem, module: str) -> Syntax | None:
    path = file_of_module(problem, module.rpartition(".")[2])
    text = text_of(problem.view, path) if path is not None else None
    return parse(text, path) if path is not None and text is not None else None


def _divided(problem: Problem, old: str, uses: Sequence[Use], has: Mapping[str, _Names]) -> Iterator[Candidate]:
    """Each name in the module that has it, where none has all; the one that has most of them where some are nowhere."""
    left = {one for use in uses for one in use.asked}
    taken: list[str] = []
    while left and len(taken) < _WAYS_AT_MOST:
        best = max(has, key=lambda module: (len(left & has[module]), words_in_common(module, old)), default="")
        if not best or not left & has[best]:
            break
        taken.append(best)
        left -= has[best]
    if not taken:
        return
    edits = [(use.node, text) for use in uses if (text := _of_use(use, taken, has))]
    if not left and len(edits) == len(uses):
        names = " and ".join(f"`{module}`" for module in taken)
        yield Candidate(f"{names} have what is asked of `{old}`", _changed(problem, edits), _DIVIDED)
    if len(taken) == 1 and len(left) <= len({one for use in uses for one in use.asked} - left):
        edits = [(use.node, taken[0]) for use in uses]
        yield Candidate(f"`{taken[0]}` has most that is asked of `{old}`", _changed(problem, edits), _PARTLY)


def _of_use(use: Use, taken: Sequence[str], has: Mapping[str, _Names]) -> str:
    """The module for a place, or all that are opened; empty where no single one has what it asks."""
    if use.open is None:
        return next((module for module in taken if use.asked <= has[module]), "")
    needed = [module for module in taken if use.may_ask & has[module]] or list(taken[:1])
    if len(needed) > 1 and use.open.kind != "open_module":
        return ""
    text, start = use.node.syntax.text, use.open.start
    is_local = use.open.parent is not None and use.open.parent.kind == "let_expression"
    between = " in let " if is_local else f"{newline(text)}{indent(text, start)}"
    return f"{between}{text[start : use.node.start]}".join(needed)


def _changed(problem: Problem, named: Sequence[tuple[Node, str]]) -> ChangeSet:
    files: dict[str, list[TextEdit]] = {}
    for node, text in named:
        files.setdefault(node.syntax.path, []).append(TextEdit(node.start, node.end, text))
    return problem.edit_each(files)
