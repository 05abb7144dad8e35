"""Arithmetic as a whole: turned from int to float and back, operators and literals together. Part of numeric types."""

import re
from collections.abc import Iterator, Mapping

from attrs import define, field

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.scope import literal_type, lookup, number_type
from lsp_aid.ocaml.syntax import Node

TO_FLOAT = {"+": "+.", "-": "-.", "*": "*.", "/": "/.", "~-": "~-.", "~+": "~+."}
TO_INT = {float_: int_ for int_, float_ in TO_FLOAT.items()}
_OPERATORS = {**TO_FLOAT, **TO_INT}
_INT_LITERAL = re.compile(r"\d[\d_]*")
_FLOAT_LITERAL = re.compile(r"(\d[\d_]*)\.[0_]*")

_KNOWN = {
    "int": """List.length String.length Array.length Hashtbl.length Buffer.length int_of_float truncate int_of_string
        succ pred abs int_of_char Char.code Float.to_int read_int Random.int""",
    "float": """float_of_int float float_of_string sqrt exp log sin cos tan floor ceil abs_float Float.of_int Float.pow
        Random.float Sys.time read_float""",
    "string": "string_of_int string_of_float string_of_bool String.concat String.trim String.make read_line",
}
_RESULTS: Mapping[str, str] = {name: type_ for type_, names in _KNOWN.items() for name in names.split()}


def int_to_float(literal: str) -> str | None:
    """`1` as `1.`; None for literals of other bases, which have no such form."""
    return f"{literal}." if _INT_LITERAL.fullmatch(literal) else None


def float_to_int(literal: str) -> str | None:
    """`1.` and `1.0` as `1`; None for what is no whole number."""
    match = _FLOAT_LITERAL.fullmatch(literal)
    return match[1] if match else None


def operator_of(node: Node) -> Node | None:
    """The operator of an arithmetic expression, None where the node is none."""
    operator = (
        node.field("operator") if node.kind in ("infix_expression", "sign_expression", "prefix_expression") else None
    )
    return operator if operator is not None and operator.text in _OPERATORS else None


def outermost(node: Node) -> Node:
    """The largest arithmetic expression that the node is part of; the node itself where it is of none."""
    best = node
    for around in node.ancestors():
        if operator_of(around) is not None:
            best = around
        elif around.kind != "parenthesized_expression":
            break
    return best


def is_arithmetic(node: Node) -> bool:
    inner = node.field("expression") if node.kind == "parenthesized_expression" else None
    return operator_of(node) is not None or (inner is not None and is_arithmetic(inner))


def type_of(node: Node, told: Mapping[Node, str]) -> str:
    """A guess at the type of an operand: from the message, a literal, an annotation or a well-known function."""
    if node in told:
        return told[node]
    if literal := literal_type(node):
        return literal
    if node.kind == "parenthesized_expression" and (inner := node.field("expression")) is not None:
        return type_of(inner, told)
    if node.kind == "value_path" and "." not in node.text:
        binding = lookup(node.syntax, node.text, node.start)
        return binding.type if binding is not None and not binding.arity and binding.kind != "external" else ""
    if node.kind == "application_expression" and (function := node.field("function")) is not None:
        if function.text in _RESULTS:
            return _RESULTS[function.text]
        binding = lookup(node.syntax, function.text, node.start)
        return binding.type if binding is not None and binding.arity == len(node.fields("argument")) else ""
    if node.kind == "field_get_expression" and (name := node.field("field")) is not None:
        return _field_type(node, name.text.rpartition(".")[2])
    if node.kind == "infix_expression" and (operator := node.field("operator")) is not None:
        if operator.text in ("mod", "land", "lor", "lxor", "lsl", "lsr", "asr"):
            return "int"
        return "float" if operator.text == "**" else "string" if operator.text == "^" else ""
    return ""


def _field_type(node: Node, name: str) -> str:
    types = set()
    for item in node.syntax.declared:
        if item.kind == "record field" and item.name == name and (type_ := item.node.field("type")) is not None:
            types.add(type_.text)
    return types.pop() if len(types) == 1 else ""


@define
class Rewriting:
    """The edits that make an arithmetic expression one of `wanted` (`int` or `float`); `possible` says whether it can.

    `told` are types known from elsewhere. `conversions` counts the operands that had to be converted by a function.
    `int_operands` and `float_operands` are those whose types are known or guessed.
    """

    wanted: str
    told: Mapping[Node, str]
    edits: list[TextEdit] = field(factory=list)
    possible: bool = True
    conversions: int = 0
    int_operands: list[Node] = field(factory=list)
    float_operands: list[Node] = field(factory=list)
    operators: list[Node] = field(factory=list)

    def of(self, node: Node) -> "Rewriting":
        operator = operator_of(node)
        if node.kind == "parenthesized_expression" and is_arithmetic(node):
            inner = node.field("expression")
            return self.of(inner) if inner is not None else self
        if operator is None:
            self.operand(node)
            return self
        operand = node.field("expression")
        if operand is None or literal_type(operand) == "":
            self.operator(operator)
        elif self.wanted == "int" and operator.text.endswith("."):
            self.edits.append(TextEdit(operator.start, operator.end, operator.text[:-1]))
        for side in (operand, node.field("left"), node.field("right")):
            if side is not None:
                self.of(side)
        return self

    def operator(self, operator: Node) -> None:
        self.operators.append(operator)
        table = TO_FLOAT if self.wanted == "float" else TO_INT
        if operator.text in table:
            self.edits.append(TextEdit(operator.start, operator.end, table[operator.text]))

    def operand(self, node: Node) -> None:
        known = type_of(node, self.told)
        if known not in ("int", "float"):
            return
        (self.int_operands if known == "int" else self.float_operands).append(node)
        if known == self.wanted:
            return
        if node.kind == "number":
            self.literal(node)
        elif (plain := undone(node, self.wanted)) is not None:
            self.edits.append(plain)
        else:
            self.conversions += 1
            self.edits += convert(node, "float_of_int" if self.wanted == "float" else "int_of_float")

    def literal(self, node: Node) -> None:
        other = int_to_float(node.text) if self.wanted == "float" else float_to_int(node.text)
        if other is None:
            self.possible = False
        else:
            self.edits.append(TextEdit(node.start, node.end, other))

    @property
    def likelihood(self) -> float:
        """From 0 to 1: how much speaks for this type. Who writes a dot means it; a missing one may be forgotten."""
        ints = sum(1.0 if node.kind == "number" else 2.0 for node in self.int_operands)
        ints += sum(0.5 for operator in self.operators if operator.text in TO_FLOAT)
        floats = sum(4.0 if _is_fraction(node) else 2.5 for node in self.float_operands)
        floats += sum(1.5 for operator in self.operators if operator.text in TO_INT)
        share = (floats + 0.5) / (floats + ints + 1)
        return share if self.wanted == "float" else 1 - share


def _is_fraction(node: Node) -> bool:
    return node.kind == "number" and number_type(node.text) == "float" and float_to_int(node.text) is None


def undone(node: Node, wanted: str) -> TextEdit | None:
    """`float_of_int n` as `n` where an int is wanted."""
    inner = node.field("expression") if node.kind == "parenthesized_expression" else node
    if inner is None or inner.kind != "application_expression":
        return None
    function, arguments = inner.field("function"), inner.fields("argument")
    undoes = {"int": ("float_of_int", "float", "Float.of_int"), "float": ("int_of_float", "truncate", "Float.to_int")}
    if function is None or function.text not in undoes[wanted] or len(arguments) != 1:
        return None
    return TextEdit(node.start, node.end, arguments[0].text)


def convert(node: Node, function: str) -> Iterator[TextEdit]:
    """`node` given to a function of one argument, with the parentheses that this takes."""
    yield from around(node, f"{function} ", "", of_argument=True)


_ATOM = """value_path number string quoted_string character boolean unit parenthesized_expression constructor_path
    list_expression array_expression record_expression field_get_expression array_get_expression string_get_expression
    prefix_expression"""
_ATOMS = frozenset(_ATOM.split())


def around(node: Node, before: str, behind: str, *, of_argument: bool) -> Iterator[TextEdit]:
    """Text put around a node, itself in parentheses where it is no atom, all of it where it stands as an argument."""
    if of_argument and node.kind not in _ATOMS:
        before, behind = f"{before}(", f"){behind}"
    if stands_alone(node):
        before, behind = f"({before}", f"{behind})"
    yield TextEdit(node.start, node.start, before)
    yield TextEdit(node.end, node.end, behind)


def stands_alone(node: Node) -> bool:
    """Whether only an atom can stand in the place of the node: an argument, an operand of a prefix, a record."""
    parent = node.parent
    if parent is None:
        return False
    applied = ("application_expression", "constructor_application", "tag_application")
    if parent.kind in applied:
        return parent.field("function") != node
    if parent.kind in ("field_get_expression", "array_get_expression"):
        return node in (parent.field("record"), parent.field("sequence"))
    return parent.kind in ("labeled_argument", "prefix_expression")
