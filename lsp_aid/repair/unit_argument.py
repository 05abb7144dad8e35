"""A function without its `()`, or something that is no function with one.

let line = read_line            let line = read_line ()
let () = greet; bye ()          let () = greet (); bye ()
let version = "1.0"
let () = print (version ())     let () = print version
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import file_of_module, node_of, text_of, tree

_ATOMS = ("value_path", "parenthesized_expression", "constructor_path", "field_get_expression")
_SHORT = 40


async def candidates(problem: Problem) -> Sequence[Candidate]:
    """`()` added where a function's result is wanted, and removed where there is no function."""
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    match message:
        case messages.TypeClash():
            return (
                *_missing(problem, message, syntax, node),
                *_unwanted(problem, message, node),
                *_thunk_wanted(problem, message, node),
                *_in_scrutinee(problem, message, node),
                *_in_other_operand(problem, message, node),
            )
        case messages.NotARecord(type_) if _units(arrows(type_), [""]):
            return tuple(_applied(problem, node, _units(arrows(type_), [""]), 0.95))
        case messages.PartialApplication():
            return tuple(_applied(problem, node, 1, 0.4))
        case messages.NotAFunction(type_):
            return tuple(_superfluous(problem, syntax, node, type_))
        case messages.TooManyArguments(type_):
            return (*_superfluous(problem, syntax, node, arrows(type_)[-1]), *_between(problem, message, node))
    return ()


def arrows(type_: str) -> list[str]:
    """The parts of a function type between its outer arrows: `unit`, `int` of `unit -> int`."""
    parts, depth, start = [], 0, 0
    for place, char in enumerate(type_):
        before = type_[place - 1] if place else ""
        depth += char in "([{" or (char == "<" and before != "[")
        depth -= char in ")]}" or (char == ">" and before not in "-[")
        if depth == 0 and type_.startswith("->", place):
            parts.append(type_[start:place].strip())
            start = place + 2
    return [*parts, type_[start:].strip()]


# --- missing ---


def _missing(problem: Problem, message: messages.TypeClash, syntax: Syntax, node: Node) -> Iterator[Candidate]:
    found, expected = arrows(message.found), arrows(message.expected)
    count = _units(found, expected)
    if count:
        sure = message.forgot_unit or _fits(found[-1], expected[-1])
        inner = list(_last_expressions(syntax, node, count))
        yield from _applied(problem, node, count, 0.95 if sure and not (inner and count > 1) else 0.6)
        for last in (*inner, *_bound_to(syntax, node, count)):
            yield from _applied(problem, last, 1, 0.97)
    elif message.expected == "unit" and node.text != "()" and _is_argument(node):
        edit = TextEdit(node.start, node.start, "() ")
        yield Candidate("Add `()` before the argument", problem.edit(edit), 0.55)


def _units(found: list[str], expected: list[str]) -> int:
    """How many `()` lead from a type to the other; 0 where they do not."""
    extra = found[: len(found) - len(expected)]
    required = [part for part in extra if not part.startswith("?")]
    return len(required) if required and all(part == "unit" for part in required) else 0


def _fits(found: str, expected: str) -> bool:
    return found == expected or "'" in found or "'" in expected


def _applied(problem: Problem, node: Node, count: int, weight: float) -> Iterator[Candidate]:
    units = " ()" * count
    text = node.text[1:-1] if node.kind == "parenthesized_expression" and node.text.startswith("(") else node.text
    shown = f"`{text}`" if "\n" not in text and len(text) <= _SHORT else "the function"
    title = f"Apply {shown} to `{units.strip()}`"
    if node.kind == "parenthesized_expression":
        inner = node.field("expression") or node
        edits = [TextEdit(inner.end, inner.end, units)]
    elif _needs_parentheses(node):
        edits = [TextEdit(node.start, node.start, "("), TextEdit(node.end, node.end, units + ")")]
    elif node.kind in (*_ATOMS, "application_expression") or _is_punned(node):
        edits = [TextEdit(node.end, node.end, units)]
    else:
        edits = [TextEdit(node.start, node.start, "("), TextEdit(node.end, node.end, ")" + units)]
    yield Candidate(title, problem.edit(*edits), weight)


def _is_punned(node: Node) -> bool:
    """`{ began }`, which is `{ began = began }`."""
    return node.kind == "field_expression" and node.field("body") is None


def _needs_parentheses(node: Node) -> bool:
    """Whether `f ()` in the place of `f` would be read otherwise."""
    parent = node.parent
    if parent is None:
        return False
    if parent.kind == "labeled_argument":
        return True
    if parent.kind in ("field_get_expression", "prefix_expression", "method_invocation"):
        return True
    return _is_argument(node)


def _is_argument(node: Node) -> bool:
    parent = node.parent
    applied = ("application_expression", "constructor_application", "tag_application")
    return parent is not None and parent.kind in applied and parent.field("function") != node


def _last_expressions(syntax: Syntax, node: Node, count: int) -> Iterator[Node]:
    """Where a function of the file, given all that it takes, ends with a bare name: there the `()` may be missing."""
    for _ in range(5):
        given = len(node.fields("argument")) if node.kind == "application_expression" else count - 1
        function = node.field("function") if node.kind == "application_expression" else node
        name = function.text if function is not None and function.kind == "value_path" else ""
        binding = lookup(syntax, name, node.start) if name and "." not in name else None
        complete = binding is not None and 0 < binding.arity == given
        body = binding.binding.field("body") if binding is not None and complete else None
        while body is not None and body.kind in ("sequence_expression", "let_expression", "parenthesized_expression"):
            body = body.field("body") if body.kind == "let_expression" else body.named_children[-1]
        if body is None:
            return
        if body.kind == "value_path":
            yield body
        node = body


def _bound_to(syntax: Syntax, node: Node, count: int) -> Iterator[Node]:
    """What a local name stands for, where that is a function which is nowhere applied by this name."""
    is_name = node.kind == "value_path" or _is_punned(node)
    binding = lookup(syntax, node.text, node.start) if is_name and "." not in node.text else None
    body = binding.binding.field("body") if binding is not None and binding.kind == "value" else None
    around = binding.binding.enclosing("let_expression") if binding is not None and body is not None else None
    if binding is None or body is None or around is None or binding.arity or count > 1:
        return
    if around.start > binding.binding.start or body.kind not in ("value_path", "application_expression"):
        return
    applied = [one.field("function") for one in around.walk("application_expression")]
    if not any(one is not None and one.text == node.text for one in applied):
        yield body


def _in_other_operand(problem: Problem, message: messages.TypeClash, node: Node) -> Iterator[Candidate]:
    """`size = 1`: the message is about the second operand, the `()` is missing at the first."""
    around = node.parent
    left = around.field("left") if around is not None and around.kind == "infix_expression" else None
    count = _units(arrows(message.expected), arrows(message.found))
    if left is not None and left != node and count:
        yield from _applied(problem, left, count, 0.95)


def _in_scrutinee(problem: Problem, message: messages.TypeClash, node: Node) -> Iterator[Candidate]:
    """`match read_line with "q" -> ...`: the message is about the pattern, the `()` is missing before."""
    count = _units(arrows(message.expected), arrows(message.found))
    if message.what != "pattern" or not count:
        return
    for around in node.ancestors():
        scrutinee = around.field("expression") if around.kind in ("match_expression", "try_expression") else None
        if around.kind == "let_binding":
            scrutinee = around.field("body")
        if scrutinee is not None:
            yield from _applied(problem, scrutinee, count, 0.9)
            return


# --- superfluous ---


def _unwanted(problem: Problem, message: messages.TypeClash, node: Node) -> Iterator[Candidate]:
    """`()` given where another argument is wanted: `area () 2.`."""
    if message.found == "unit" and node.kind == "unit" and _is_argument(node):
        yield Candidate("Remove the argument `()`", problem.edit(_without(node)), 0.7)


def _between(problem: Problem, message: messages.TooManyArguments, node: Node) -> Iterator[Candidate]:
    """`area () 2 3` for a function of two numbers."""
    arguments = node.fields("argument")
    units = [argument for argument in arguments[:-1] if argument.kind == "unit"]
    if len(units) == 1 and "unit" not in arrows(message.type)[:-1]:
        yield Candidate("Remove the argument `()`", problem.edit(_without(units[0])), 0.8)


def _thunk_wanted(problem: Problem, message: messages.TypeClash, node: Node) -> Iterator[Candidate]:
    """`at_exit (flush ())` for `at_exit flush`: the result is given where the function is wanted."""
    wanted = arrows(message.expected)
    if node.parent is not None and node.parent.kind == "infix_expression":
        return
    if len(wanted) != 2 or wanted[0] != "unit" or len(arrows(message.found)) != 1:
        return
    if not _fits(message.found, wanted[1]):
        return
    call = node.field("expression") if node.kind == "parenthesized_expression" else node
    arguments = call.fields("argument") if call is not None and call.kind == "application_expression" else ()
    function = call.field("function") if call is not None else None
    if len(arguments) == 1 and arguments[0].kind == "unit" and function is not None:
        edit = TextEdit(node.start, node.end, function.text)
        yield Candidate(f"Give `{function.text}` itself", problem.edit(edit), 0.9)
    inner = node.start + 1 if node.kind == "parenthesized_expression" else node.start
    opening, closing = ("", "") if node.kind == "parenthesized_expression" else ("(", ")")
    edits = [TextEdit(inner, inner, f"{opening}fun () -> "), TextEdit(node.end, node.end, closing)]
    yield Candidate("Wrap the argument in `fun () ->`", problem.edit(*edits), 0.75)


def _superfluous(problem: Problem, syntax: Syntax, node: Node, type_: str) -> Iterator[Candidate]:
    """The `()` removed; or the definition made a function, which is likelier where it is of type unit."""
    application = node if node.kind == "application_expression" else node.enclosing("application_expression")
    if application is None:
        return
    arguments = application.fields("argument")
    if not arguments or arguments[-1].kind != "unit":
        return
    function = application.field("function")
    effect = type_ == "unit"
    if function is not None and function.kind == "value_path" and len(arguments) == 1:
        for change in _as_function(problem, syntax, function):
            title = f"Make `{function.text}` a function of `()`"
            yield Candidate(title, change, 0.85 if effect else 0.3)
    edit = _without(arguments[-1])
    if len(arguments) == 1 and function is not None and _has_parentheses_of_its_own(application):
        around = application.parent
        assert around is not None
        edits = [TextEdit(around.start, function.start, ""), TextEdit(function.end, around.end, "")]
        yield Candidate(f"Remove `()` behind `{function.text}`", problem.edit(*edits), 0.45 if effect else 0.9)
        return
    shown = function.text if function is not None else "the function"
    yield Candidate(f"Remove `()` behind `{shown}`", problem.edit(edit), 0.45 if effect else 0.9)


def _without(argument: Node) -> TextEdit:
    """Removes an argument with the space before it."""
    before = argument.syntax.text[: argument.start]
    return TextEdit(len(before.rstrip()), argument.end, "")


def _has_parentheses_of_its_own(application: Node) -> bool:
    """Whether `(f ())` stands where `f` needs no parentheses."""
    around, function = application.parent, application.field("function")
    if around is None or around.kind != "parenthesized_expression" or function is None:
        return False
    return function.kind == "value_path" and around.text.startswith("(") and "(*" not in around.text


def _as_function(problem: Problem, syntax: Syntax, function: Node) -> Iterator[ChangeSet]:
    """`let f = ...` becomes `let f () = ...`, in the file of the error or in the module that it names."""
    qualifier, _, name = function.text.rpartition(".")
    if not qualifier:
        binding = lookup(syntax, name, function.start)
        if binding is not None and binding.kind == "value" and _is_plain(binding.binding):
            yield problem.edit(_unit_parameter(binding.node))
        return
    path = file_of_module(problem, qualifier.rpartition(".")[2])
    text = text_of(problem.view, path) if path else None
    if path is None or text is None:
        return
    item = next((i for i in parse(text, path).items if i.name == name and i.kind == "value"), None)
    pattern = item.node.field("pattern") if item else None
    if item is None or pattern is None or not _is_plain(item.node):
        return
    changes = [FileChange(path, text, apply_text_edits(text, [_unit_parameter(pattern)]))]
    interface = text_of(problem.view, f"{path}i")
    if interface is not None:
        edits = list(_unit_in_interface(interface, f"{path}i", name))
        changes.append(FileChange(f"{path}i", interface, apply_text_edits(interface, edits)))
    yield ChangeSet.of(changes)


def _is_plain(binding: Node) -> bool:
    """A binding of one name, without parameters."""
    pattern = binding.field("pattern")
    is_name = pattern is not None and pattern.kind == "value_name"
    return is_name and not any(child.kind == "parameter" for child in binding.named_children)


def _unit_parameter(name: Node) -> TextEdit:
    return TextEdit(name.end, name.end, " ()")


def _unit_in_interface(text: str, path: str, name: str) -> Iterator[TextEdit]:
    for item in parse(text, path).items:
        type_ = item.node.field("type")
        if item.name == name and item.kind == "value" and type_ is not None:
            simple = re.search(r"\bas\b", type_.text) is None
            yield TextEdit(type_.start, type_.start, "unit -> " if simple else "unit -> (")
            if not simple:
                yield TextEdit(type_.end, type_.end, ")")
