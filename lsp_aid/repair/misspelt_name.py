"""Names that do not exist: misspelt, without their module, or from another language.

    List.lenght xs      List.length xs
    Strnig.trim s       String.trim s
    lenght xs           List.length xs
    Red                 Colour.Red

The compiler's own hints come first. Where it has none, candidates are the names in scope, in the project's other
modules and in the standard library.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator, Sequence

from attrs import evolve, frozen

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages, stdlib
from lsp_aid.ocaml.scope import in_scope, lookup, names_of
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair import argument_labels
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.gone_fields import follows, may_be_foreign, named_alike
from lsp_aid.repair.places import (
    Declared,
    declared_elsewhere,
    file_of_module,
    modules_of,
    opened_at,
    shortened,
    text_of,
    tree,
)
from lsp_aid.repair.record_fields import called, fields_meant
from lsp_aid.repair.similarity import is_short_for, nearest, similarity, words_in_common

_AT_MOST = 8
_FILES_AT_MOST = 400
_SHORTENED = 0.72
_VARIABLE_STAYS = 0.8
_LESS_LIKELY = 0.9  # a field in one place or in all: the other way
_OPERATOR = """prefix_operator hash_operator pow_operator mult_operator add_operator concat_operator rel_operator
    and_operator or_operator assign_operator indexing_operator let_operator let_and_operator match_operator"""
OPERATORS = tuple(_OPERATOR.split())
"""The kinds of nodes that operators are."""
_NODES = {
    "value": ("value_name", "label_name", *OPERATORS),
    "module": ("module_name",),
    "module type": ("module_type_name",),
    "constructor": ("constructor_name",),
    "record field": ("field_name",),
    "type constructor": ("type_constructor",),
    "class": ("class_name",),
    "class type": ("class_type_name", "class_name"),
    "method": ("method_name",),
    "instance variable": ("instance_variable_name", "value_name"),
}
_DECLARED_AS = {
    "value": ("value", "external"),
    "module": ("module",),
    "module type": ("module type",),
    "constructor": ("constructor", "exception"),
    "record field": ("record field",),
    "type constructor": ("type",),
}


@frozen
class Guess:
    """A name that may have been meant. `path` replaces the whole path as written, or its last part alone."""

    path: str
    weight: float
    whole: bool = True
    kind: Kind = Kind.FIX


async def candidates(problem: Problem) -> Sequence[Candidate]:
    """Other names in the place of one that is unbound, most alike first; other labels for one that is not taken."""
    return await asyncio.to_thread(_candidates, problem)  # in a large project many files are read


def _candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.UnboundName):
        return argument_labels.candidates(problem, message)
    syntax = tree(problem)
    place = _place(problem, message, syntax) if syntax else None
    if syntax is None or place is None:
        return ()
    guesses: dict[str, Guess] = {}
    is_short = message.sort == "record field" and not _qualifier(place)
    for guess in (*_hinted(message), *_others(problem, message, syntax, place)):
        if is_short and message.qualifier and guess.path.rpartition(".")[0] == message.qualifier:
            guess = _unqualified(guess)  # the first field of the record has the module
        written = guess.path if guess.whole or not message.qualifier else f"{message.qualifier}.{guess.path}"
        if written != message.path and guesses.get(written, guess).weight <= guess.weight:
            guesses[written] = guess
    best = sorted(guesses.values(), key=lambda g: -g.weight)[:_AT_MOST]
    return [one for guess in best for one in _of_guess(problem, message, syntax, place, guess)]


def _hinted(message: messages.UnboundName) -> Iterator[Guess]:
    for number, name in enumerate(message.suggestions):
        yield Guess(name, 0.6 + 0.38 * similarity(message.name, name) - 0.03 * number, whole=False)


# --- where the name stands ---


def _place(problem: Problem, message: messages.UnboundName, syntax: Syntax) -> Node | None:
    """The node of the last part of the path, within the extent of the message."""
    start, end = problem.start, problem.end
    around = syntax.node_at(start, end)
    if around is None:
        return None
    if message.sort == "method":  # the message points at the object
        invocation = around.enclosing("method_invocation")
        return invocation.field("method") if invocation is not None else None
    for node in around.walk(*_NODES.get(message.sort, ())):
        if start <= node.start and node.end <= end and _is(node, message):
            return node
    return None


def _is(node: Node, message: messages.UnboundName) -> bool:
    said = _qualifier(node)
    return node.text == message.name and (said == message.qualifier or (message.sort == "record field" and not said))


def _qualifier(node: Node) -> str:
    before = re.search(r"((?:[A-Z][\w']*\s*\.\s*)*)$", node.syntax.text[: node.start])
    return re.sub(r"\s", "", before[1]).rstrip(".") if before else ""


def _of_guess(
    problem: Problem, message: messages.UnboundName, syntax: Syntax, place: Node, guess: Guess
) -> Iterator[Candidate]:
    if message.sort != "record field":
        nodes = _same(syntax, message, place) if guess.path in message.suggestions else [place]
        yield from _replaced(problem, message, syntax, nodes, guess)
        return
    ways = [named_alike(problem, syntax, place), [place]]
    if may_be_foreign(problem):
        ways.reverse()
    if len(ways[0]) == len(ways[1]):
        ways.pop()
    for nodes, share in zip(ways, (1.0, _LESS_LIKELY), strict=False):
        yield from _replaced(problem, message, syntax, nodes, evolve(guess, weight=guess.weight * share))


def _replaced(
    problem: Problem, message: messages.UnboundName, syntax: Syntax, nodes: Sequence[Node], guess: Guess
) -> Iterator[Candidate]:
    """The name in these places, that of the error first."""
    is_field = message.sort == "record field"
    shown = guess.path if guess.whole or not message.qualifier else f"{message.qualifier}.{guess.path}"
    times = f" ({len(nodes)} times)" if len(nodes) > 1 else ""
    title, weight = f"Replace `{message.path}` by `{shown}`{times}", min(0.98, max(0.02, guess.weight))
    edits = [_edit(problem, node, guess if node == nodes[0] or not is_field else _unqualified(guess)) for node in nodes]
    followed = follows(problem, syntax, nodes, _last(guess.path)) if is_field else {}
    if followed:
        made = {**{edit.end: edit for edit in edits}, **followed}
        yield Candidate(f"{title}, as a variable as well", problem.edit(*made.values()), weight, guess.kind)
        weight *= _VARIABLE_STAYS
    yield Candidate(title, problem.edit(*edits), weight, guess.kind)


def _unqualified(guess: Guess) -> Guess:
    return evolve(guess, path=_last(guess.path), whole=False)


def _same(syntax: Syntax, message: messages.UnboundName, place: Node) -> list[Node]:
    """The places with the same unbound name: the compiler tells one of them at a time."""
    if message.of_type is not None or message.sort not in ("value", "module", "type constructor", "constructor"):
        return [place]
    later = (node for node in syntax.walk(*_NODES[message.sort]) if node.start > place.start)
    return [place, *(n for n in later if _is(n, message) and not _is_bound(syntax, message, n))]


def _is_bound(syntax: Syntax, message: messages.UnboundName, node: Node) -> bool:
    if message.qualifier:
        return False
    if node.kind in OPERATORS:
        return False
    if node.kind == "label_name" or node.parent is None or node.parent.kind not in _PATHS:
        return True  # a definition, or a label
    kinds = _DECLARED_AS.get(message.sort, ())
    if message.sort == "value":
        return lookup(syntax, message.name, node.start) is not None
    return message.name in names_of(in_scope(syntax, node.start), *kinds)


_PATHS = ("value_path", "module_path", "type_constructor_path", "constructor_path")


def _edit(problem: Problem, node: Node, guess: Guess) -> TextEdit:
    start = node.start
    if guess.whole:
        start = _path_start(problem.source.text[:start])
    if node.kind == "label_name":  # `f ~lenght` is `f ~lenght:lenght`
        return TextEdit(node.end, node.end, f":{guess.path}")
    parent = node.parent.parent if node.parent is not None else None
    if parent is not None and node.kind == "field_name" and _keeps_variable(parent, node.text):
        return TextEdit(start, node.end, f"{guess.path} = {node.text}")
    return TextEdit(start, node.end, guess.path)


def _path_start(before: str) -> int:
    match = re.search(r"(?:[A-Z][\w']*\s*\.\s*)+$", before)
    return match.start() if match else len(before)


def _keeps_variable(parent: Node, name: str) -> bool:
    """Whether `{ nmae; age }` has to become `{ name = nmae; age }`, since the variable `nmae` is used."""
    if parent.kind == "field_expression":
        return parent.field("body") is None and lookup(parent.syntax, name, parent.start) is not None
    if parent.kind == "field_pattern" and parent.field("pattern") is None:
        return any(node.text == name for node in parent.syntax.walk("value_name"))
    return False


# --- names that the compiler does not know of ---


def _others(problem: Problem, message: messages.UnboundName, syntax: Syntax, place: Node) -> Iterator[Guess]:
    """Each is worth less where the compiler has a hint of its own."""
    share = 0.5 if message.suggestions else 1.0
    sources = {"value": _values, "module": _modules, "constructor": _constructors, "type constructor": _types}
    found: list[Guess] = []
    if message.sort in sources:
        found += sources[message.sort](problem, message, syntax, place)
    if message.sort in _DECLARED_AS and not message.suggestions:
        found += _in_modules(message, syntax, place)
        if message.sort != "module" or message.qualifier:
            found += _in_project(problem, message, syntax)
        if message.sort == "record field" and message.of_type:
            found += _called(problem, message, syntax, place)
        if message.sort == "record field" and (not found or message.qualifier):
            found += _fields(problem, message, syntax, place)
    if message.sort in _DECLARED_AS and message.suggestions and not message.of_type:
        yield from _moved(problem, message)
    yield from (evolve(guess, weight=guess.weight * share) for guess in found)
    yield from _foreign(message)


def _moved(problem: Problem, message: messages.UnboundName) -> Iterator[Guess]:
    """The only module of the project that has the name, where it is named without one or with another of the project:
    more likely than a name that is only a little alike."""
    module = message.qualifier.rpartition(".")[2]
    if (file_of_module(problem, module) is None) if module else (len(message.name) < _LONG):
        return
    if max(similarity(message.name, name) for name in message.suggestions) >= _A_SLIP:
        return
    kinds = _DECLARED_AS[message.sort]
    paths = {d.short for d in declared_elsewhere(problem) if d.kind in kinds and d.name == message.name}
    if len(paths) == 1:
        yield Guess(paths.pop(), 0.94)


_LONG = 4
_CALLED_ALIKE = 0.5
_A_SLIP = 0.8  # how alike a misspelt name and what was meant are at least
_TELLING = 6  # letters of a name that no other module has by chance
_OF_A_MODULE_THAT_IS_THERE = 0.3
"""How likely a function of another module is meant, where the one that is named exists."""


def _foreign(message: messages.UnboundName) -> Iterator[Guess]:
    """Words of other languages: `println` means `print_endline`, though `print_int` is more alike."""
    if message.sort == "value":
        meant = stdlib.FOREIGN.get(message.name, ())
        if message.qualifier:
            meant = tuple(path for path in meant if path.startswith(message.qualifier + "."))
        for number, path in enumerate(meant):
            yield Guess(path, 0.9 if len(meant) == 1 else 0.65 - 0.08 * number)


def _values(problem: Problem, message: messages.UnboundName, syntax: Syntax, place: Node) -> Iterator[Guess]:
    name = message.name
    if not message.qualifier:
        yield from _as_module(problem, place)
        scope = in_scope(syntax, place.start)
        values = names_of(scope, "value", "parameter", "variable", "external")
        yield from (Guess(other, 0.45 * alike) for other, alike in nearest(name, values, 0.6))
        yield from (Guess(other, 0.5 * alike) for other, alike in nearest(name, stdlib.PERVASIVES, 0.7))
    yield from _in_stdlib(message)


def _in_stdlib(message: messages.UnboundName) -> Iterator[Guess]:
    """`length` and `lenght` mean `List.length` more often than `String.length`."""
    for number, (module, names) in enumerate(stdlib.MODULES.items()):
        if module == message.qualifier:
            alike = nearest(message.name, names, 0.55)
            yield from (Guess(f"{module}.{name}", 0.6 * alike_by) for name, alike_by in alike)
            continue
        rank = (0.55 - 0.02 * number) * (_OF_A_MODULE_THAT_IS_THERE if message.qualifier else 1.0)
        if message.name in names:
            is_telling = len(message.name) >= _TELLING and bool(message.qualifier)
            yield Guess(f"{module}.{message.name}", 0.6 if is_telling else max(0.05, rank))
        elif not message.qualifier and len(message.name) > 3:
            alike = nearest(message.name, names, 0.75)
            yield from (Guess(f"{module}.{name}", max(0.05, 0.8 * rank * by)) for name, by in alike[:1])


def _as_module(problem: Problem, place: Node) -> Iterator[Guess]:
    """`list.map f xs` for `List.map f xs`, which parses as a field of a record."""
    path = place.parent
    access = path.parent if path is not None else None
    if path is None or access is None or access.kind != "field_get_expression" or access.field("record") != path:
        return
    module = place.text[:1].upper() + place.text[1:]
    known = {*stdlib.MODULES, *stdlib.OTHER_MODULES, *(name for name, _ in modules_of(problem))}
    if module in known:
        yield Guess(module, 0.85)
    yield from (Guess(other, 0.5 * alike) for other, alike in nearest(module, known, 0.75))


def _modules(problem: Problem, message: messages.UnboundName, syntax: Syntax, place: Node) -> Iterator[Guess]:
    local = [(name, True) for name in names_of(in_scope(syntax, place.start), "module")]
    opens = opened_at(problem)
    theirs = [(shortened(path, opens), near) for path, near in modules_of(problem)]
    known = dict([*((name, False) for name in (*stdlib.MODULES, *stdlib.OTHER_MODULES)), *theirs, *local])
    for path, near in known.items():
        last = path.rpartition(".")[2]
        if last == message.name and path != message.path:
            yield Guess(path, 0.75 if "." in path else 0.6)
        elif path.rpartition(".")[0] == message.qualifier or not message.qualifier:
            alike = similarity(message.name, last)
            if alike >= 0.6:
                yield Guess(path, (0.8 if near else 0.7) * alike)
    if message.name[1:2].isupper() and message.name.capitalize() in known:
        yield Guess(message.name.capitalize(), 0.85)


def _constructors(problem: Problem, message: messages.UnboundName, syntax: Syntax, place: Node) -> Iterator[Guess]:
    if message.name in stdlib.FOREIGN_CONSTRUCTORS:
        yield Guess(stdlib.FOREIGN_CONSTRUCTORS[message.name], 0.85)
    in_file = names_of(in_scope(syntax, place.start), "constructor")
    yield from (Guess(name, 0.5 * by) for name, by in nearest(message.name, (*in_file, *stdlib.CONSTRUCTORS), 0.6))


def _types(problem: Problem, message: messages.UnboundName, syntax: Syntax, place: Node) -> Iterator[Guess]:
    if message.name in stdlib.FOREIGN_TYPES:
        yield Guess(stdlib.FOREIGN_TYPES[message.name], 0.85)
    in_file = names_of(in_scope(syntax, place.start), "type")
    yield from (Guess(name, 0.6 * by) for name, by in nearest(message.name, (*in_file, *stdlib.TYPES), 0.6))


def _in_modules(message: messages.UnboundName, syntax: Syntax, place: Node) -> Iterator[Guess]:
    """What modules within this file declare further up: `Util.double` for `double`."""
    around = {item.path for item in syntax.declared if item.kind == "module" and item.start <= place.start < item.end}
    for item in syntax.declared:
        if item.kind not in _DECLARED_AS[message.sort] or not item.within or item.end > place.start:
            continue
        within = item.within
        while within and ".".join(item.within[: len(item.within) - len(within) + 1]) in around:
            within = within[1:]
        path = ".".join((*within, item.name))
        if within and (not item.owner or not message.of_type or item.owner == _last(message.of_type)):
            yield from _qualified(message, Declared(item.name, item.kind, item.owner, path, True, path))


def _in_project(problem: Problem, message: messages.UnboundName, syntax: Syntax) -> Iterator[Guess]:
    """What other files declare: the same name, or one alike. A member of a known type needs no module."""
    kinds = _DECLARED_AS[message.sort]
    owner = _last(message.of_type)
    if owner:
        here = (item.name for item in syntax.declared if item.kind in kinds and item.owner == owner)
        yield from _alike(message, here)
    for found in declared_elsewhere(problem):
        if found.kind not in kinds:
            continue
        if owner and found.owner == owner:
            yield from _alike(message, [found.name])
        elif not owner:
            yield from _qualified(message, found)


def _fields(problem: Problem, message: messages.UnboundName, syntax: Syntax, place: Node) -> Iterator[Guess]:
    known = [(item.name, item.owner) for item in syntax.declared if item.kind == "record field"]
    theirs = [found for found in declared_elsewhere(problem) if found.kind == "record field"]
    if message.qualifier and not message.of_type:
        yield from _of_module(message, place, theirs)
    known += [(found.name, found.owner) for found in theirs]
    for field in fields_meant(message.name, place, _last(message.of_type), known):
        if not field.is_sure and _is_read(problem, field.name):
            continue  # it has a meaning of its own
        yield Guess(field.name, field.weight, whole=False, kind=Kind.FIX if field.is_sure else Kind.GUESS)


def _called(problem: Problem, message: messages.UnboundName, syntax: Syntax, place: Node) -> Iterator[Guess]:
    """The fields of the type by the name that the value gets: `let attributes = grammar.g_attributes`."""
    meant, owner = called(place), _last(message.of_type)
    known = [item.name for item in syntax.declared if item.kind == "record field" and item.owner == owner]
    known += [d.name for d in declared_elsewhere(problem) if d.kind == "record field" and d.owner == owner]
    for name in dict.fromkeys(known) if meant else ():
        if words_in_common(meant, name) >= _CALLED_ALIKE:
            yield Guess(name, 0.85 * max(0.75, words_in_common(meant, name)), whole=False)


def _of_module(message: messages.UnboundName, place: Node, known: Sequence[Declared]) -> Iterator[Guess]:
    """The fields of the module that is named with it which something tells to be meant."""
    for found in known:
        if message.qualifier in (found.path.rpartition(".")[0], found.short.rpartition(".")[0]):
            for field in fields_meant(message.name, place, found.owner, [(found.name, found.owner)]):
                if field.is_sure:
                    yield Guess(field.name, field.weight, whole=False)


def _is_read(problem: Problem, field: str) -> bool:
    """Whether the file, or one that does not declare the field, reads a field of that name."""
    read = re.compile(rf"[\w')]\s*\.\s*(?:[A-Z][\w']*\.)*{re.escape(field)}(?![\w'])")
    declared = re.compile(rf"[{{;]\s*(?:mutable\s+)?{re.escape(field)}\s*:(?!=)")
    own = problem.diagnostic.path
    for path in [path for path in problem.view.paths() if path.endswith(".ml")][:_FILES_AT_MOST]:
        text = text_of(problem.view, path) or ""
        if read.search(text) and (path == own or not declared.search(text)):
            return True
    return False


def _qualified(message: messages.UnboundName, found: Declared) -> Iterator[Guess]:
    if found.name == message.name:
        if message.path not in (found.path, found.short):
            yield Guess(found.short, 0.78 if found.near else 0.72)
        return
    qualifier = found.short.rpartition(".")[0]
    alike = similarity(message.name, found.name)
    if qualifier == message.qualifier and is_short_for(message.name, found.name):
        yield Guess(found.short, _SHORTENED)
    elif qualifier == message.qualifier and alike >= 0.45:
        yield Guess(found.short, 0.65 * alike)
    elif not message.qualifier and alike >= 0.75 and len(message.name) > 3:
        yield Guess(found.short, 0.55 * alike)


def _alike(message: messages.UnboundName, names: Iterable[str]) -> Iterator[Guess]:
    names = list(names)
    yield from (Guess(name, 0.75 * by, whole=False) for name, by in nearest(message.name, names, 0.4))
    yield from (Guess(name, _SHORTENED, whole=False) for name in names if is_short_for(message.name, name))


def _last(type_: str | None) -> str:
    """`t` of `int Tree.t`."""
    return re.split(r"[\s.]", type_.strip())[-1] if type_ else ""
