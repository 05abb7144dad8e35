"""Operators, literals and operands of the wrong basic type.

    let area r = 3.14 * r *. r            let area r = 3.14 *. r *. r
    let mean sum xs = sum /. List.length xs     ... sum /. float_of_int (List.length xs)
    let label n = "no. " ^ n              let label n = "no. " ^ string_of_int n

Whether an expression was meant as int or as float is told by what else is in it; the other reading follows. A
conversion that can lose digits, or fail, is a guess.
"""

import re
from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import Binding, literal_type, lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair import conversions
from lsp_aid.repair.arithmetic import TO_FLOAT, TO_INT, Rewriting, convert, is_arithmetic, outermost, undone
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import type_clash

_WORDS = re.compile(r"\b(int|float|int32|int64|nativeint|string|char|bool|bytes)\b")


@frozen
class _Clash:
    """An expression or pattern of type `found` where `expected` is wanted."""

    problem: Problem
    syntax: Syntax
    node: Node
    found: str
    expected: str

    def candidate(self, title: str, weight: float, *edits: TextEdit, kind: Kind = Kind.FIX) -> Candidate:
        return Candidate(title, self.problem.edit(*edits), max(0.02, min(0.97, weight)), kind)


async def candidates(problem: Problem) -> Sequence[Candidate]:
    """Changed operators, literals, conversions, functions and formats for a clash of basic types."""
    told = type_clash(problem)
    if told is None:
        return ()
    message, node = told
    types = (_basic(message.found_as or message.found), _basic(message.expected_as or message.expected))
    clash = _Clash(problem, node.syntax, node, *types)
    if clash.found and clash.expected:
        found = list(_pattern(clash) if message.what == "pattern" else _expression(clash))
    else:
        found = list(_containers(clash, message))
    best: dict[tuple[tuple[str, str | None], ...], Candidate] = {}
    for candidate in sorted(found, key=lambda c: -c.weight):
        best.setdefault(tuple(candidate.changes.texts.items()), candidate)
    return tuple(best.values())


def _basic(type_: str) -> str:
    """The basic type that this is; empty for any other."""
    return type_ if _WORDS.fullmatch(type_) else ""


def _pattern(clash: _Clash) -> Iterator[Candidate]:
    literal = conversions.literal_as(clash.node, clash.expected)
    if literal is None:
        return
    edits = [TextEdit(clash.node.start, clash.node.end, literal)]
    matching = clash.node.enclosing("match_expression", "function_expression")
    for pattern in _patterns(matching) if matching is not None else ():
        other = conversions.literal_as(pattern, clash.expected) if pattern != clash.node else None
        if other is not None and pattern.kind == clash.node.kind:
            edits.append(TextEdit(pattern.start, pattern.end, other))
    yield clash.candidate(f"Replace `{clash.node.text}` by `{literal}`{_times(edits)}", 0.9, *edits)


def _patterns(matching: Node) -> Iterator[Node]:
    for case in matching.named_children:
        pattern = case.field("pattern") if case.kind == "match_case" else None
        if pattern is not None:
            yield from pattern.walk("number", "signed_number", "character", "string")


def _expression(clash: _Clash) -> Iterator[Candidate]:
    yield from _literals(clash)
    if {clash.found, clash.expected} == {"int", "float"}:
        yield from _arithmetic(clash)
        yield from _branches(clash)
    if (clash.found == "string" and clash.expected in ("int", "float")) or clash.expected == "string":
        yield from _concatenation(clash)
    if clash.expected in ("int", "float") and clash.found in conversions.MODULES:
        yield from _operations(clash)
    yield from _converted(clash)
    yield from _other_function(clash)
    yield from _definition(clash)


# --- literals ---


def _literals(clash: _Clash) -> Iterator[Candidate]:
    """The literal in the form of the type wanted; where it is in a list, those beside it as well."""
    node = clash.node
    literal = conversions.literal_as(node, clash.expected)
    if literal is None:
        return
    narrowing = clash.found == "float" or (clash.found, clash.expected) == ("int", "string")
    weight = 0.6 if narrowing else 0.92
    yield clash.candidate(f"Replace `{node.text}` by `{literal}`", weight, TextEdit(node.start, node.end, literal))
    edits = [TextEdit(node.start, node.end, literal)]
    beside = [n for n in _beside(node) if n != node and literal_type(n) == clash.found]
    for other in beside:
        text = conversions.literal_as(other, clash.expected)
        if text is not None:
            edits.append(TextEdit(other.start, other.end, text))
    if len(edits) > 1:
        yield clash.candidate(f"Write these literals as {clash.expected}", weight + 0.03, *edits)


def _beside(node: Node) -> Iterator[Node]:
    """The elements of the list or array that the node is an element of."""
    parent = node.parent
    if parent is not None and parent.kind in ("list_expression", "array_expression"):
        yield from parent.named_children


def _branches(clash: _Clash) -> Iterator[Candidate]:
    """The other branches, or elements, are literals of the wrong type: `if big then 2.5 else 1`."""
    others = [n for n in (*_beside(clash.node), *_results(clash.node)) if n != clash.node]
    edits = []
    for other in others:
        text = conversions.literal_as(other, clash.found) if literal_type(other) == clash.expected else None
        if text is not None:
            edits.append(TextEdit(other.start, other.end, text))
    if edits:
        fraction = conversions.literal_as(clash.node, clash.expected) is None
        title = f"Write the other {'literals' if len(edits) > 1 else 'literal'} as {clash.found}"
        yield clash.candidate(title, 0.8 if fraction else 0.5, *edits)


def _results(node: Node) -> Iterator[Node]:
    """The results of the branches of the `if`, `match` or `function` of which the node is one result."""
    for around in node.ancestors():
        if around.kind in ("match_case", "then_clause", "else_clause", "parenthesized_expression"):
            continue
        if around.kind not in ("if_expression", "match_expression", "function_expression", "try_expression"):
            return
        for part in around.children:
            if part.kind == "match_case" and (body := part.field("body")) is not None:
                yield body
            elif part.kind in ("then_clause", "else_clause") and part.named_children:
                yield part.named_children[0]
            elif around.kind == "try_expression" and part == around.field("expression"):
                yield part


# --- arithmetic ---


def _arithmetic(clash: _Clash) -> Iterator[Candidate]:
    """The whole expression as float, and as int, the one that more speaks for first."""
    whole = outermost(clash.node)
    if not is_arithmetic(whole):
        return
    told = {} if is_arithmetic(clash.node) else {clash.node: clash.found}
    for wanted in ("float", "int"):
        rewriting = Rewriting(wanted, told).of(whole)
        if not rewriting.possible or not rewriting.edits:
            continue
        weight = 0.37 + 0.55 * rewriting.likelihood - (0.05 if wanted == "int" else 0.0)
        if clash.node == whole:
            # Only what is around it tells, and that wants `expected`.
            weight = (0.6 if wanted == clash.expected else 0.1) + 0.2 * rewriting.likelihood
        weight *= (0.9 if wanted == "float" else 0.4) ** rewriting.conversions  # `int_of_float` loses
        title = f"Make `{_short(whole)}` {'a float' if wanted == 'float' else 'an int'}"
        loses = wanted == "int" and rewriting.conversions
        yield clash.candidate(title, weight, *rewriting.edits, kind=Kind.GUESS if loses else Kind.FIX)


def _operations(clash: _Clash) -> Iterator[Candidate]:
    """`x + 1L` as `Int64.add x 1L`."""
    whole = outermost(clash.node)
    module = conversions.MODULES[clash.found]
    written = _called(whole, module, clash.found) if whole.kind == "infix_expression" else None
    if written is not None:
        edit = TextEdit(whole.start, whole.end, written)
        yield clash.candidate(f"Compute with the functions of {module}", 0.75, edit)


def _called(node: Node, module: str, type_: str) -> str | None:
    if node.kind == "parenthesized_expression" and (inner := node.field("expression")) is not None:
        written = _called(inner, module, type_)
        return None if written is None else f"({written})"
    if node.kind == "infix_expression":
        operator, sides = node.field("operator"), (node.field("left"), node.field("right"))
        name = conversions.OPERATIONS.get(operator.text) if operator is not None else None
        if name is None:
            return None
        parts = []
        for side in sides:
            written = _called(side, module, type_) if side is not None else None
            if side is None or written is None:
                return None
            bare = side.kind not in ("value_path", "number", "parenthesized_expression", "field_get_expression")
            parts.append(f"({written})" if bare else written)
        return f"{module}.{name} {parts[0]} {parts[1]}"
    literal = conversions.literal_as(node, type_)
    return literal if literal is not None else node.text


def _concatenation(clash: _Clash) -> Iterator[Candidate]:
    """`"a" + b` as `"a" ^ b`."""
    whole = outermost(clash.node)
    edits: list[TextEdit] = []
    for part in whole.walk("infix_expression"):
        operator = part.field("operator")
        if operator is not None and operator.text in ("+", "+."):
            edits.append(TextEdit(operator.start, operator.end, "^"))
        elif operator is not None and operator.text in (*TO_FLOAT, *TO_INT):
            return
    if edits and is_arithmetic(whole):
        weight = 0.85 if clash.node.kind == "string" else 0.7 if clash.found == "string" else 0.6
        yield clash.candidate(f"Concatenate with `^`{_times(edits)}", weight, *edits)


def _containers(clash: _Clash, message: messages.TypeClash) -> Iterator[Candidate]:
    """`List.fold_left ( + ) 0 prices` where prices are floats: what stands beside the list is of the wrong type."""
    pair = _differing(message.found, message.expected)
    application = clash.node.parent
    if pair is None or application is None or application.kind != "application_expression":
        return
    for wanted, weight in ((pair[0], 0.85), (pair[1], 0.0)):
        edits: list[TextEdit] = []
        others = application.fields("argument") if weight else (clash.node,)
        for argument in others:
            if weight == 0.0 or argument != clash.node:
                edits += _all_as(argument, wanted)
        if edits:
            title = f"Make the {'other arguments' if weight else 'elements'} {wanted}"
            yield clash.candidate(title, weight or 0.45, *edits)


def _differing(found: str, expected: str) -> tuple[str, str] | None:
    """(`float`, `int`) of `float list` and `int list`; None where they differ in more."""
    if _WORDS.sub("_", found) != _WORDS.sub("_", expected):
        return None
    pairs = set(zip(_WORDS.findall(found), _WORDS.findall(expected), strict=True))
    differing = {pair for pair in pairs if pair[0] != pair[1]}
    return differing.pop() if len(differing) == 1 and differing <= {("int", "float"), ("float", "int")} else None


def _all_as(argument: Node, wanted: str) -> Iterator[TextEdit]:
    """All operators and number literals in an argument, made int or float."""
    table = TO_FLOAT if wanted == "float" else TO_INT
    for node in argument.walk("parenthesized_operator", "infix_expression", "number"):
        operator = node.field("operator") if node.kind == "infix_expression" else None
        if node.kind == "parenthesized_operator":
            operator = next(iter(node.named_children), None)
        if operator is not None and operator.text in table:
            yield TextEdit(operator.start, operator.end, table[operator.text])
        literal = conversions.literal_as(node, wanted) if node.kind == "number" else None
        if literal is not None:
            yield TextEdit(node.start, node.end, literal)


# --- conversions ---

_LOSSLESS = 0.74
_LOSSY = 0.45


def _converted(clash: _Clash) -> Iterator[Candidate]:
    node, function = clash.node, conversions.CONVERSIONS.get((clash.found, clash.expected))
    if clash.expected in ("int", "float") and (plain := undone(node, clash.expected)) is not None:
        yield clash.candidate("Remove the conversion", 0.7, plain)
    yield from _without_conversion(clash)
    if function is None or (literal_type(node) and clash.expected != "string"):
        return
    likely = clash.expected == "string" or (clash.found, clash.expected) in (("int", "float"), ("int", "int64"))
    weight = _LOSSLESS if likely else _LOSSY
    if function == "float_of_int" and node != outermost(node):
        weight = _among_floats(node)
    if literal_type(node):
        weight = 0.5
    elif clash.expected == "string":
        weight = 0.85
    kind = Kind.GUESS if function in conversions.LOSSY else Kind.FIX
    yield clash.candidate(f"Convert with `{function}`", weight, *convert(node, function), kind=kind)


def _without_conversion(clash: _Clash) -> Iterator[Candidate]:
    """`float_of_int x` for what is a float already."""
    application = clash.node.parent
    function = application.field("function") if application is not None else None
    if application is None or function is None or len(application.fields("argument")) != 1:
        return
    if function.text == conversions.CONVERSIONS.get((clash.expected, clash.found)):
        outer = application.parent
        bare = clash.node.kind in ("value_path", "number", "field_get_expression")
        if bare and outer is not None and outer.kind == "parenthesized_expression":
            application = outer
        edit = TextEdit(application.start, application.end, clash.node.text)
        yield clash.candidate(f"Remove `{function.text}`", 0.8, edit)


def _among_floats(node: Node) -> float:
    """How likely an int operand is to be converted: less where the other operands are ints as well."""
    others = Rewriting("float", {node: "int"}).of(outermost(node))
    if others.int_operands == [node]:
        return _LOSSLESS
    return 0.7 if others.float_operands else 0.5


def _other_function(clash: _Clash) -> Iterator[Candidate]:
    """`print_int x` as `print_float x`, and `%d` as `%f`."""
    node = clash.node
    application = node.parent
    function = application.field("function") if application is not None else None
    if application is None or application.kind != "application_expression" or function is None or function == node:
        return
    other = conversions.other_function(function.text, clash.found)
    if other is not None:
        weight = 0.6 if literal_type(node) else 0.78
        if clash.expected == "string":
            # Converting to a string is what one does with print_string; a char has no conversion of its own.
            weight = 0.9 if clash.found in ("char", "bytes") and not literal_type(node) else 0.55
        elif clash.expected == "bytes":
            weight = 0.92  # no copy is made for it
        edit = TextEdit(function.start, function.end, other)
        yield clash.candidate(f"Use `{other}` for `{function.text}`", weight, edit)
    edits = list(conversions.format_edits(node, clash.found))
    for edit in edits:
        was = clash.syntax.text[edit.start : edit.end]
        kept = 0.6 if clash.expected == "float" else 0.88  # `%.2f` says more than `%d`
        yield clash.candidate(f"Print with `{edit.text}` for `{was}`", kept, edit)


# --- definitions ---


def _definition(clash: _Clash) -> Iterator[Candidate]:
    """The literal or the annotation from which the type comes: `let total = ref 0`, `let scale (x : int) = x *. 2.`."""
    node = clash.node
    inner = node.field("expression") if node.kind == "prefix_expression" and node.text.startswith("!") else None
    name = inner if inner is not None else node
    if name.kind == "value_path" and "." not in name.text:
        binding = lookup(clash.syntax, name.text, node.start)
        if binding is not None:
            yield from _initial(clash, binding, is_ref=inner is not None)
            yield from _annotation(clash, binding)
    around = node.enclosing("let_binding")
    annotated = around.field("type") if around is not None and around.field("body") == node else None
    if annotated is not None and annotated.text == clash.expected:
        edit = TextEdit(annotated.start, annotated.end, clash.found)
        yield clash.candidate(f"Declare it as {clash.found}", 0.55, edit)


def _initial(clash: _Clash, binding: Binding, *, is_ref: bool) -> Iterator[Candidate]:
    body = binding.binding.field("body") if binding.kind == "value" else None
    if is_ref and body is not None and body.kind == "application_expression":
        function, arguments = body.field("function"), body.fields("argument")
        body = arguments[0] if function is not None and function.text == "ref" and arguments else None
    elif is_ref:
        return
    literal = conversions.literal_as(body, clash.expected) if body is not None and not binding.arity else None
    if body is not None and literal is not None:
        edit = TextEdit(body.start, body.end, literal)
        yield clash.candidate(f"Define `{binding.name}` as `{literal}`", 0.86 if is_ref else 0.62, edit)


def _annotation(clash: _Clash, binding: Binding) -> Iterator[Candidate]:
    if binding.type != clash.found or binding.kind not in ("value", "parameter"):
        return
    pattern = binding.binding.field("pattern")
    for holder in (binding.binding, pattern):
        annotated = holder.field("type") if holder is not None else None
        if annotated is not None and annotated.text == clash.found:
            edit = TextEdit(annotated.start, annotated.end, clash.expected)
            yield clash.candidate(f"Declare `{binding.name}` as {clash.expected}", 0.35, edit)
            return


def _short(node: Node) -> str:
    text = re.sub(r"\s+", " ", node.text)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _times(edits: Sequence[TextEdit]) -> str:
    return f" ({len(edits)} times)" if len(edits) > 1 else ""
