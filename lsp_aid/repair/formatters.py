"""Printers of values, such as `pp`, that are called as if they made a text, and the other way round.

Format.printf "%s!" (Task.pp task)        Format.printf "%a!" Task.pp task
Printf.sprintf "%s" (Task.pp task)        Format.asprintf "%a" Task.pp task
"at " ^ Task.pp task                      "at " ^ Format.asprintf "%a" Task.pp task
Format.printf "%s!" Task.pp task          Format.printf "%a!" Task.pp task
Format.printf "%a!" Task.name task        Format.printf "%s!" (Task.name task)
Printf.printf "%a!" Task.pp task          Format.printf "%a!" Task.pp task
Printf.sprintf "%s" (Task.to_string t)    Format.asprintf "%a" Task.pp t        where Task has no `to_string` any more
"""

import re
from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import declared_elsewhere, node_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import Type, parameters, read

_FORMATTER = "Format.formatter"
_PRINTF = re.compile(r"(?:^|\.)k?[a-z]*printf$")
_HOLE = re.compile(r"%[-+0 #]*(\*|\d+)?(?:\.(\*|\d+))?([lnL]?[a-zA-Z%!,@])")
_OF_FORMAT = {
    "printf": "Format.printf", "eprintf": "Format.eprintf", "sprintf": "Format.asprintf",
    "ksprintf": "Format.kasprintf", "asprintf": "Format.asprintf", "kasprintf": "Format.kasprintf",
    "fprintf": "Format.fprintf", "kfprintf": "Format.kfprintf",
}  # fmt: skip
_TEXTS = ("to_string", "show")
_PRINTERS = ("pp", "print", "pretty", "dump", "format")


@frozen
class _Hole:
    """A conversion of a format, `[start, end)` of the file, and the arguments that it takes."""

    start: int
    end: int
    letter: str
    arguments: tuple[Node, ...]


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    if "CamlinternalFormatBasics.End_of_format" in problem.diagnostic.flat_message:
        return await _too_many(problem, node)
    if isinstance(message, messages.UnboundName) and message.sort == "value" and message.name in _TEXTS:
        return list(_text_is_gone(problem, syntax, message.qualifier or ""))
    if not isinstance(message, messages.TypeClash):
        return ()
    found, expected = read(message.found), read(message.expected)
    takes, gives = parameters(found)
    if expected.head == _FORMATTER != found.head:
        return list(_as_text(problem, syntax, _call_on(node)))
    if _is_printer(found) and expected.head == "string":
        return list(_with_letter(problem, node))
    if len(takes) == 1 and gives.head == "unit" and expected.head == "string":
        return list(_as_text(problem, syntax, await _short_of_one(problem, within_parentheses(node))))
    if len(takes) == 1 and gives.head == "string" and expected.head == "->":
        return list(_makes_text(problem, node))
    if _is_printer(found) and expected.head == "->" and expected.argument.head in ("out_channel", "unit"):
        return list(_of_format(problem, node))
    return ()


def _is_printer(type_: Type | None) -> bool:
    takes, gives = parameters(type_) if type_ is not None else ([], None)
    is_formatter = len(takes) == 2 and takes[0].argument.head == _FORMATTER
    return is_formatter and gives is not None and gives.head == "unit"


def _slot(node: Node) -> Node:
    """With the parentheses around it."""
    return node.parent if node.parent is not None and node.parent.kind == "parenthesized_expression" else node


def _call_on(node: Node) -> Node | None:
    """The call that a value is the last argument of."""
    call = _slot(node).parent
    if call is None or call.kind != "application_expression" or call.fields("argument")[-1] not in (node, _slot(node)):
        return None
    return call


async def _short_of_one(problem: Problem, call: Node) -> Node | None:
    """The call itself if its function takes a formatter where it is given what to print."""
    asked = await AskedTypes.of(problem) if call.kind == "application_expression" else None
    if asked is None:
        return None
    _, (type_,) = await asked.of_parts(item_around(call), (call.start, call.end), [_head(call)])
    return call if _is_printer(type_) else None


async def _too_many(problem: Problem, node: Node) -> Sequence[Candidate]:
    """`%s` before printers, and behind each what it prints: the format takes less than it is given."""
    printf = node.enclosing("application_expression")
    asked = await AskedTypes.of(problem)
    if asked is None or printf is None or node.kind != "string" or node not in printf.fields("argument"):
        return ()
    given = printf.fields("argument")
    given = given[given.index(node) + 1 :]
    asked_of = [one for one in given if within_parentheses(one).kind in ("value_path", "application_expression")]
    _, types = await asked.of_parts(item_around(printf), (printf.start, printf.end), [one.text for one in asked_of])
    printers = {one.start for one, type_ in zip(asked_of, types, strict=True) if _is_printer(type_)}
    edits, number = [], 0
    for hole in _holes(printf):
        if number < len(given) and hole.letter == "s" and given[number].start in printers:
            edits.append(TextEdit(hole.start, hole.end, "%a"))
            number += 1
        number += len(hole.arguments) or 1
    if not edits:
        return ()
    return [Candidate("`%a` takes a printer and what it prints", problem.edit(*edits, *_module(printf)), 0.94)]


def _as_text(problem: Problem, syntax: Syntax, call: Node | None) -> Iterator[Candidate]:
    """A printer that lacks its formatter: it is given what it is to print, and a text is wanted of it."""
    function = call.field("function") if call is not None else None
    if call is None or function is None:
        return
    like = _head(call).split()
    alike = [one for one in syntax.walk("application_expression") if _head(one).split() == like]
    holes = [(printf, hole, one) for one in alike if (of := _hole_of(one)) is not None for printf, hole in [of]]
    module, _, name = function.text.rpartition(".")
    maker = next((text for text in _TEXTS if text != name and _declares(problem, syntax, module, text)), None)
    if maker is not None and len(call.fields("argument")) == 1:
        other = f"{module}.{maker}" if module else maker
        edits = [TextEdit(f.start, f.end, other) for one in alike if (f := one.field("function")) is not None]
        yield Candidate(f"`{function.text}` prints, `{other}` makes a text", problem.edit(*edits), 0.9)
    if any(one == call for _, _, one in holes):
        edits = [edit for printf, hole, one in holes for edit in _printed(printf, hole, one)]
        edits += [edit for printf in {p.start: p for p, _, _ in holes}.values() for edit in _module(printf)]
        title = f"`{function.text}` prints: `%a` takes it and what it prints"
        yield Candidate(title, problem.edit(*edits), 0.94)
    else:
        text = f'Format.asprintf "%a" {_printer(call)} {call.fields("argument")[-1].text}'
        title = f"`{function.text}` prints: `Format.asprintf` makes a text of that"
        above = call.parent
        is_argument = above is not None and above.kind in ("application_expression", "labeled_argument")
        edit = TextEdit(call.start, call.end, f"({text})" if is_argument else text)
        yield Candidate(title, problem.edit(edit), 0.88)


def _text_is_gone(problem: Problem, syntax: Syntax, module: str) -> Iterator[Candidate]:
    """The printer that a module has, wherever the file asked it for a text: `%a` for `%s`, else `Format.asprintf`."""
    printer = next((f"{module}.{n}" for n in _PRINTERS if _declares(problem, syntax, module, n)), None)
    if not module or printer is None:
        return
    gone = syntax.text[problem.start : problem.end]
    formats: dict[int, Node] = {}
    edits = []
    for use in (path for path in syntax.walk("value_path") if path.text == gone):
        call = use.parent
        is_called = call is not None and call.kind == "application_expression" and call.field("function") == use
        hole = _hole_of(call) if call is not None and is_called and len(call.fields("argument")) == 1 else None
        if call is not None and hole is not None and _takes_printers(hole[0]):
            slot, last = _slot(call), call.fields("argument")[0]
            formats[hole[0].start] = hole[0]
            edits.append(TextEdit(hole[1].start, hole[1].end, "%a"))
            edits.append(TextEdit(slot.start, slot.end, f"{printer} {last.text}"))
        else:
            text = f'Format.asprintf "%a" {printer}'
            is_argument = call is not None and call.kind in ("application_expression", "labeled_argument")
            edits.append(TextEdit(use.start, use.end, f"({text})" if is_argument and not is_called else text))
    edits += [edit for printf in formats.values() for edit in _module(printf)]
    if edits:
        weight = 0.6 if any(_declares(problem, syntax, module, text) for text in _TEXTS) else 0.92
        yield Candidate(f"`{gone}` is no more: `{printer}` prints", problem.edit(*edits), weight)


def _takes_printers(printf: Node) -> bool:
    """Whether it is a function of Format, or there is one in its place."""
    function = printf.field("function")
    return function is not None and (function.text.startswith("Format.") or any(True for _ in _module(printf)))


def _head(call: Node) -> str:
    """All of a call but its last argument."""
    arguments = call.fields("argument")
    return call.text[: arguments[-1].start - call.start] if arguments else ""


def _printer(call: Node) -> str:
    head = _head(call).rstrip()
    return f"({head})" if len(call.fields("argument")) > 1 else head


def _declares(problem: Problem, syntax: Syntax, module: str, name: str) -> bool:
    if not module:
        return any(item.name == name and not item.within for item in syntax.declared)
    own = any(".".join(item.within) == module and item.name == name for item in syntax.declared)
    return own or any(f"{module}.{name}" in (one.path, one.short) for one in declared_elsewhere(problem))


def _printed(printf: Node, hole: _Hole, call: Node) -> Iterator[TextEdit]:
    last = call.fields("argument")[-1]
    slot = hole.arguments[0]
    yield TextEdit(hole.start, hole.end, "%a")
    yield TextEdit(slot.start, slot.end, f"{_printer(call)} {last.text}")


def _module(printf: Node) -> Iterator[TextEdit]:
    """A printer of Format is for functions of Format, of which `sprintf` does not take it."""
    function = printf.field("function")
    module, _, name = function.text.rpartition(".") if function is not None else ("", "", "")
    wanted = _OF_FORMAT.get(name)
    if function is None or wanted is None or wanted == function.text:
        return
    if module == "Printf" or (module == "Format" and wanted.rpartition(".")[2] != name):
        yield TextEdit(function.start, function.end, wanted)


def _holes(printf: Node) -> Iterator[_Hole]:
    arguments = printf.fields("argument")
    place = next((n for n, one in enumerate(arguments) if one.kind == "string"), None)
    if place is None:
        return
    number = place + 1
    for match in _HOLE.finditer(arguments[place].text):
        if match[3] in "%!,@":
            continue
        size = 1 + match[0].count("*") + (match[3] == "a")
        start = arguments[place].start + match.start()
        yield _Hole(start, start + len(match[0]), match[3], tuple(arguments[number : number + size]))
        number += size


def _hole_of(value: Node) -> tuple[Node, _Hole] | None:
    """The call of `printf` that a value is an argument of, and the `%s` that takes it."""
    slot = _slot(value)
    printf = slot.parent
    function = printf.field("function") if printf is not None and printf.kind == "application_expression" else None
    if printf is None or function is None or not _PRINTF.search(function.text):
        return None
    return next(((printf, hole) for hole in _holes(printf) if hole.arguments == (slot,) and hole.letter == "s"), None)


def _with_letter(problem: Problem, node: Node) -> Iterator[Candidate]:
    """`%s` before a printer, and what it is to print behind it."""
    found = _hole_of(node)
    if found is not None:
        printf, hole = found
        edits = (TextEdit(hole.start, hole.end, "%a"), *_module(printf))
        yield Candidate(f"`{node.text}` prints: `%a` takes it", problem.edit(*edits), 0.94)


def _makes_text(problem: Problem, node: Node) -> Iterator[Candidate]:
    """`%a` before a function that makes a text."""
    slot = _slot(node)
    printf = slot.parent
    if printf is None or printf.kind != "application_expression":
        return
    hole = next((one for one in _holes(printf) if one.letter == "a" and one.arguments[:1] == (slot,)), None)
    if hole is None or len(hole.arguments) != 2:
        return
    function = within_parentheses(node)
    module, _, _ = function.text.rpartition(".")
    printer = next((n for n in _PRINTERS if _declares(problem, node.syntax, module, n)), None) if module else None
    if printer is not None:
        edit = TextEdit(slot.start, slot.end, f"{module}.{printer}")
        yield Candidate(f"`%a` takes a printer: `{module}.{printer}`", problem.edit(edit), 0.92)
    edits = (
        TextEdit(hole.start, hole.end, "%s"),
        TextEdit(slot.start, hole.arguments[1].end, f"({slot.text} {hole.arguments[1].text})"),
    )
    yield Candidate(f"`{function.text}` makes a text: `%s` takes it", problem.edit(*edits), 0.91)


def _of_format(problem: Problem, node: Node) -> Iterator[Candidate]:
    """A printer of Format that is given to a function of Printf."""
    printf = _slot(node).parent
    edits = list(_module(printf)) if printf is not None and printf.kind == "application_expression" else []
    if edits:
        title = f"`{node.text}` is a printer of `Format`: `{edits[0].text}`"
        yield Candidate(title, problem.edit(*edits), 0.93)
