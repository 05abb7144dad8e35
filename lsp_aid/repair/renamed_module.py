"""A module of the project that goes by another name now, wherever the project names it; or by several.

open Strings, Strings.trim s      open Text_util, Text_util.trim s      where that has all that is asked of `Strings`
module S = Lib.Strings            module S = Lib.Text_util              in the files of other libraries
Strings.trim, Strings.join        Trimmed.trim, Joined.join             where it was divided
"""

import re
from collections.abc import Iterator, Mapping, Sequence, Set

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_stanzas, messages
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.module_uses import Use, kind_of, use_of
from lsp_aid.repair.places import declared_elsewhere, file_of_module, stanzas_of, text_of, tree
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
    stanzas = stanzas_of(problem)
    own = dune_stanzas.owner(problem.diagnostic.path, stanzas)
    libraries = [stanza for stanza in stanzas if stanza.kind == "library"]
    mains = {dune_stanzas.module_of(name.replace("-", "_")) for one in libraries for name in one.names}
    around = {qualifier.rpartition(".")[2]} if qualifier else mains
    paths = [p for p in problem.view.paths() if p.endswith((".ml", ".mli"))]
    paths.sort(key=lambda path: path != problem.diagnostic.path)
    for path in paths[:_FILES_AT_MOST]:
        text = text_of(problem.view, path)
        if text is None or old not in text:
            continue
        syntax = parse(text, path)
        if any(item.kind == "module" and item.name == old for item in syntax.declared):
            continue
        theirs = dune_stanzas.owner(path, stanzas)
        is_open = any(f"open {main}" in text for main in around) or any(main in around for main in _opens(theirs))
        is_inside = theirs == own and not qualifier
        for node in syntax.walk("module_name"):
            if node.text == old and node.parent is not None and "path" in node.parent.kind:
                before = node.parent.children[0]
                if (is_inside or is_open) if before == node else before.text.rpartition(".")[2] in around:
                    yield use_of(node)


def _opens(stanza: dune_stanzas.Stanza | None) -> tuple[str, ...]:
    return stanza.opens if stanza is not None else ()


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
    is_local = use.open.parent is not None and use.open.parent.kind == "let_expression"
    line = " in let open " if is_local else "\nopen "
    return line.join(needed)


def _changed(problem: Problem, named: Sequence[tuple[Node, str]]) -> ChangeSet:
    files: dict[str, list[TextEdit]] = {}
    for node, text in named:
        files.setdefault(node.syntax.path, []).append(TextEdit(node.start, node.end, text))
    change = ChangeSet()
    for path, edits in files.items():
        change = change.then(problem.edit(*edits, path=path))
    return change
