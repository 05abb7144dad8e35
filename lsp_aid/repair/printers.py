"""Functions that print where a text is wanted, and the other way round; formats given wrongly.

let show x : string = Printf.printf "%d" x        Printf.sprintf "%d" x
let show x = Printf.printf "%d" x in show 1 ^ "!"  Printf.sprintf "%d" x
let log text : unit = Printf.sprintf "%s\\n" text  Printf.printf "%s\\n" text
Printf.printf text                                Printf.printf "%s" text
Printf.printf "100%"                              Printf.printf "100%%"
Format.printf "%a" (1, 2)                         Format.printf "%a" pp_pair (1, 2)
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.branch_ends import ends
from lsp_aid.repair.calls_in_code import ATOMS, item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import file_of_module, node_of, text_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import read

_PRINTS = {"printf": "sprintf", "eprintf": "sprintf"}
_FORMAT = re.compile(r"\b(?:format|format4|format6)$")
_HOLE = re.compile(r"%[-0+ #]*(?:\d+|\*)?(?:\.(?:\d+|\*))?([lnL]?[a-zA-Z])")
_LETTERS = {"int": "d", "string": "s", "float": "f", "char": "c", "bool": "b", "int64": "Ld", "int32": "ld"}
_MOST_LEFT = 3
_BAD = re.compile(r"invalid format .*: at character number (\d+),")
_TEXT_FUNCTIONS = {
    "Printf.printf": "print_string", "Printf.eprintf": "prerr_string", "printf": "print_string",
}  # fmt: skip


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    if said := _BAD.search(problem.diagnostic.flat_message):
        return list(_percent(problem, node, int(said[1])))
    if "CamlinternalFormatBasics.End_of_format" in problem.diagnostic.flat_message:
        return await _longer(problem, node)
    if not isinstance(message, messages.TypeClash):
        return ()
    if message.found == "string" and _FORMAT.search(message.expected):
        return list(_as_format(problem, node))
    printers = [*_other_printer(problem, node, message), *_defined_printer(problem, syntax, node, message)]
    return [*printers, *_arrow_printer(problem, syntax, node, message)]


def _percent(problem: Problem, node: Node, number: int) -> Iterator[Candidate]:
    """A sign of per cent that stands for itself: the one before the character that the compiler stops at."""
    text = node.text
    at = text.rfind("%", 0, number + 2 + text[: number + 2].count("\\"))
    if node.kind == "string" and at >= 0:
        edit = TextEdit(node.start + at, node.start + at, "%")
        yield Candidate("A `%` that stands for itself is `%%` in a format", problem.edit(edit), 0.93)


async def _longer(problem: Problem, node: Node) -> list[Candidate]:
    """A format that takes less than it is given: what is left is printed behind the rest."""
    call = node.enclosing("application_expression")
    arguments = call.fields("argument") if call is not None else ()
    if call is None or node not in arguments or node.kind != "string":
        return []
    holes = list(_HOLE.finditer(node.text.replace("%%", "  ")))
    left = arguments[arguments.index(node) + 1 + len(holes) :]
    asked = await AskedTypes.of(problem)
    if asked is None or not 1 <= len(left) <= _MOST_LEFT:
        return []
    _, types = await asked.of_parts(item_around(call), (call.start, call.end), [one.text for one in left])
    known = [_LETTERS.get(type_.head if type_ is not None else "", "") for type_ in types]
    last = holes[-1] if holes else None
    at = node.start + (last.end() if last is not None else len(node.text) - 1)
    gap = ", " if node.text[at - node.start] in ")]}" else " "
    like = last[1] if last is not None and last[1] in _LETTERS.values() else "s"
    found = []
    for number, letter in enumerate(dict.fromkeys((like, "d", "s"))):
        text = "".join(f"{gap if holes else ' '}%{own or letter}" for own in known)
        title = f"Print {', '.join(f'`{one.text}`' for one in left)} as well"
        found.append(Candidate(title, problem.edit(TextEdit(at, at, text)), 0.8 - 0.1 * number, Kind.GUESS))
    return found


def _as_format(problem: Problem, node: Node) -> Iterator[Candidate]:
    """A text that is no literal is printed by the format `"%s"`."""
    node = node.parent if node.parent is not None and node.parent.kind == "parenthesized_expression" else node
    call = node.parent
    if call is None or call.kind != "application_expression" or len(call.fields("argument")) > 2:
        return
    function = call.field("function")
    text = node.text if within_parentheses(node).kind in ATOMS or node.text.startswith("(") else f"({node.text})"
    edit = TextEdit(node.start, node.end, f'"%s" {text}')
    yield Candidate('A text is printed by the format `"%s"`', problem.edit(edit), 0.93)
    other = _TEXT_FUNCTIONS.get(function.text) if function is not None else None
    if function is not None and other is not None:
        edit = TextEdit(function.start, function.end, other)
        yield Candidate(f"`{other}` prints a text", problem.edit(edit), 0.6)


def _other_printer(problem: Problem, node: Node, message: messages.TypeClash) -> Iterator[Candidate]:
    call = within_parentheses(node)
    function = call.field("function") if call.kind == "application_expression" else None
    if function is None:
        return
    module, _, name = function.text.rpartition(".")
    dotted = f"{module}." if module else ""
    if message.found == "unit" and message.expected == "string" and name in _PRINTS:
        new = "asprintf" if module == "Format" else "sprintf"
    elif message.found == "string" and message.expected == "unit" and name in ("sprintf", "asprintf"):
        new = "printf"
    else:
        return
    what = "makes a text" if new != "printf" else "prints"
    edit = TextEdit(function.start, function.end, f"{dotted}{new}")
    yield Candidate(f"`{dotted}{new}` {what}", problem.edit(edit), 0.95)


def _defined_printer(problem: Problem, syntax: Syntax, node: Node, message: messages.TypeClash) -> Iterator[Candidate]:
    """The function of the project that is called prints, and is to make a text; or the other way round."""
    call, has, wants = within_parentheses(node), read(message.found), read(message.expected)
    if len(has.parts) == 1 and has.head == wants.head and len(wants.parts) == 1:  # of `List.map show items`
        functions = [within_parentheses(one) for one in call.fields("argument")]
        has, wants = has.parts[0], wants.parts[0]
    else:
        functions = [call.field("function") or call]
    if {has.head, wants.head} != {"unit", "string"}:
        return
    for function in functions:
        is_written = function.kind in ("fun_expression", "function_expression")
        if is_written or function.kind == "value_path":
            found = function if is_written else _definition(problem, syntax, function)
            yield from _printing(problem, function, found, makes=wants.head == "string")


def _printing(problem: Problem, function: Node, found: Node | None, *, makes: bool) -> Iterator[Candidate]:
    """What a function prints in the end, in each of its branches, is to be made a text, or the other way round."""
    results = [within_parentheses(end) for end in ends(found)] if found is not None else []
    edits = []
    for end in results:
        printer = end.field("function") if end.kind == "application_expression" else None
        module, dot, name = printer.text.rpartition(".") if printer is not None else ("", "", "")
        wanted = ("printf",) if makes else ("sprintf", "asprintf")
        if printer is None or name not in wanted:
            return
        new = "printf" if not makes else "asprintf" if module == "Format" else "sprintf"
        edits.append(TextEdit(printer.start, printer.end, f"{module}{dot}{new}"))
    if edits and found is not None:
        what = "makes a text" if makes else "prints"
        name = function.text if function.kind == "value_path" else "this function"
        change = problem.edit(*edits, path=found.syntax.path)
        yield Candidate(f"`{name}` {what}: `{edits[0].text}`", change, 0.94)


def _definition(problem: Problem, syntax: Syntax, function: Node) -> Node | None:
    """The body of a function that the file or another module of the project defines."""
    module, _, name = function.text.rpartition(".")
    if not module:
        binding = lookup(syntax, name, function.start)
        return binding.binding.field("body") if binding is not None and binding.kind == "value" else None
    file = file_of_module(problem, module.rpartition(".")[2])
    text = text_of(problem.view, file) if file is not None else None
    items = parse(text, file).items if text is not None and file is not None else ()
    item = next((item for item in reversed(items) if item.kind == "value" and item.name == name), None)
    return item.node.field("body") if item is not None else None


def _arrow_printer(problem: Problem, syntax: Syntax, node: Node, message: messages.TypeClash) -> Iterator[Candidate]:
    """`%a` wants a printer before the value: one of the file's that is called like one."""
    if not re.match(r"Format\.formatter -> |out_channel -> |unit -> ", message.expected):
        return
    call = node.enclosing("application_expression") if node.kind != "application_expression" else node.parent
    arguments = call.fields("argument") if call is not None and call.kind == "application_expression" else ()
    if not any(a.kind == "string" and "%a" in a.text for a in arguments):
        return
    names = [item.path for item in syntax.declared if item.kind == "value" and item.end < node.start]
    printers = [n for n in names if re.search(r"(?:^|\.|_)(?:pp|print|output)(?:_|$)", n)]
    at = node.parent if node.parent is not None and node.parent.kind == "parenthesized_expression" else node
    for number, name in enumerate(reversed(printers)):
        edit = TextEdit(at.start, at.start, f"{name} ")
        yield Candidate(f"`%a` takes a printer as well: `{name}`", problem.edit(edit), 0.85 - 0.05 * number)
