"""Ways from one basic type to another: conversions, literals, other functions, formats. Part of numeric types."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.scope import number_type
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.arithmetic import float_to_int, int_to_float

CONVERSIONS: Mapping[tuple[str, str], str] = {
    ("int", "float"): "float_of_int",
    ("float", "int"): "int_of_float",
    ("int", "string"): "string_of_int",
    ("float", "string"): "string_of_float",
    ("bool", "string"): "string_of_bool",
    ("char", "string"): "String.make 1",
    ("string", "int"): "int_of_string",
    ("string", "float"): "float_of_string",
    ("string", "bool"): "bool_of_string",
    ("char", "int"): "Char.code",
    ("int", "char"): "Char.chr",
    ("string", "bytes"): "Bytes.of_string",
    ("bytes", "string"): "Bytes.to_string",
    ("int", "int32"): "Int32.of_int",
    ("int", "int64"): "Int64.of_int",
    ("int", "nativeint"): "Nativeint.of_int",
    ("int32", "int"): "Int32.to_int",
    ("int64", "int"): "Int64.to_int",
    ("nativeint", "int"): "Nativeint.to_int",
    ("int32", "int64"): "Int64.of_int32",
    ("int64", "int32"): "Int64.to_int32",
    ("int32", "float"): "Int32.to_float",
    ("int64", "float"): "Int64.to_float",
    ("float", "int32"): "Int32.of_float",
    ("float", "int64"): "Int64.of_float",
    ("int32", "string"): "Int32.to_string",
    ("int64", "string"): "Int64.to_string",
    ("nativeint", "string"): "Nativeint.to_string",
}
"""The function that makes one type of another."""

_LOSES = """int_of_float Int32.of_float Int64.of_float Int32.of_int Int64.to_int32 Char.chr
    int_of_string float_of_string bool_of_string"""
LOSSY = frozenset(_LOSES.split())
"""Those that lose much of usual values, or raise for some."""

SUFFIXES = {"int32": "l", "int64": "L", "nativeint": "n"}
MODULES = {"int32": "Int32", "int64": "Int64", "nativeint": "Nativeint"}
OPERATIONS = {"+": "add", "-": "sub", "*": "mul", "/": "div"}

_ALIKE = (
    {"int": "string_of_int", "float": "string_of_float", "bool": "string_of_bool"},
    {
        "int": "print_int",
        "float": "print_float",
        "string": "print_string",
        "char": "print_char",
        "bytes": "print_bytes",
    },
    {
        "int": "prerr_int",
        "float": "prerr_float",
        "string": "prerr_string",
        "char": "prerr_char",
        "bytes": "prerr_bytes",
    },
    {"int": "abs", "float": "abs_float"},
    {"int": "Int.to_string", "float": "Float.to_string", "int32": "Int32.to_string", "int64": "Int64.to_string"},
    {"int": "Int.abs", "float": "Float.abs"},
    {"int": "int_of_string", "float": "float_of_string"},
    {"string": "Buffer.add_string", "char": "Buffer.add_char", "bytes": "Buffer.add_bytes"},
    {"string": "output_string", "char": "output_char", "bytes": "output_bytes"},
    {"string": "Out_channel.output_string", "char": "Out_channel.output_char", "bytes": "Out_channel.output_bytes"},
    {
        "string": "Format.pp_print_string",
        "char": "Format.pp_print_char",
        "int": "Format.pp_print_int",
        "float": "Format.pp_print_float",
        "bool": "Format.pp_print_bool",
    },
    {"bytes": "Buffer.add_subbytes", "string": "Buffer.add_substring"},
    {"bytes": "Bytes.blit", "string": "Bytes.blit_string"},
    {"bytes": "Digest.bytes", "string": "Digest.string"},
    {"bytes": "Digest.subbytes", "string": "Digest.substring"},
    {"bytes": "output", "string": "output_substring"},
    {"bytes": "Out_channel.output", "string": "Out_channel.output_substring"},
    *(
        {"bytes": f"{unix}.{name}", "string": f"{unix}.{name}_substring"}
        for unix in ("Unix", "UnixLabels")
        for name in ("write", "single_write", "send", "sendto")
    ),
)


def other_function(function: str, found: str) -> str | None:
    """The function like this one that takes the type found: `print_float` for `print_int`."""
    return next((alike[found] for alike in _ALIKE if function in alike.values() and found in alike), None)


_SPELT = {"int": r"\d+", "float": r"\d+(?:\.\d*)?", "bool": r"true|false"}


def literal_as(node: Node, type_: str) -> str | None:
    """A literal as one of another type; None where it has no such form."""
    sign, number = _signed(node)
    if number is not None:
        return _number_as(sign, number, type_)
    text = node.text
    if node.kind == "character" and type_ == "string":
        return '"\\""' if text == "'\"'" else '"\'"' if text == "'\\''" else f'"{text[1:-1]}"'
    if node.kind == "string" and type_ == "char":
        inner = text[1:-1]
        if len(inner) == 1 and inner.isascii():
            return "'\\''" if inner == "'" else f"'{inner}'"
        return "'\"'" if inner == '\\"' else f"'{inner}'" if re.fullmatch(r"\\[ntrb\\]", inner) else None
    if node.kind == "string" and (spelt := _SPELT.get(type_)) is not None and re.fullmatch(spelt, text[1:-1]):
        return f"{text[1:-1]}." if type_ == "float" and text[1:-1].isdecimal() else text[1:-1]
    return None


def _signed(node: Node) -> tuple[str, str | None]:
    """The sign and the number of a literal, as in `(-1)`."""
    if node.kind == "signed_number":
        return node.text[0], node.text[1:].strip()
    inner = node.field("expression") if node.kind == "sign_expression" else None
    operator = node.field("operator")
    if inner is not None and operator is not None and inner.kind == "number":
        return node.syntax.text[operator.start : inner.start].rstrip("."), inner.text
    return "", node.text if node.kind == "number" else None


def _number_as(sign: str, number: str, type_: str) -> str | None:
    source = number_type(number)
    plain: str | None = number.rstrip("lLn") if source in SUFFIXES else number
    if source == "float":
        plain = float_to_int(number)
    if plain is None or source == type_:
        return None
    if type_ == "float":
        floated = int_to_float(plain)
        return None if floated is None else sign + floated
    if type_ == "string":
        return f'"{sign}{number}"'
    return sign + plain + SUFFIXES.get(type_, "") if type_ == "int" or type_ in SUFFIXES else None


# --- formats ---

_PRINTERS = re.compile(r"(?:^|\.)(?:[a-z]*printf|failwithf|fatal|sscanf|scanf)$")
_LETTERS = {"int": "d", "float": "f", "string": "s", "char": "c", "bool": "b", "int32": "ld", "int64": "Ld"}


def format_edits(argument: Node, found: str) -> Iterator[TextEdit]:
    """The conversion of a format that prints this argument, changed for the type found: `%d` to `%s`."""
    application = argument.parent
    function = application.field("function") if application is not None else None
    if application is None or function is None or not _PRINTERS.search(function.text) or found not in _LETTERS:
        return
    arguments = application.fields("argument")
    place = next((n for n, node in enumerate(arguments) if node.kind == "string"), None)
    if place is None or argument not in arguments[place + 1 :]:
        return
    number = arguments.index(argument) - place - 1
    content = arguments[place]
    for specification in content.walk("conversion_specification"):
        match = re.fullmatch(r"%([-+0 #]*)(\d*)(\.\d+)?([a-zA-Z]+|[%!@,])", specification.text)
        if match is None or "*" in specification.text or match[4] in ("a", "t"):
            return
        if match[4] in ("%", "!", ",", "@"):
            continue
        if number == 0:
            letter = _LETTERS[found]
            precision = (match[3] or _precision(content)) if found == "float" else ""
            flags = match[1] if found in ("int", "float") else match[1].replace("0", "")
            yield TextEdit(specification.start, specification.end, f"%{flags}{match[2]}{precision}{letter}")
            return
        number -= 1


def _precision(format_: Node) -> str:
    """How many digits other floats are printed with: those of the same format, else those of the file."""
    for text in (format_.text, format_.syntax.text):
        found: Counter[str] = Counter(re.findall(r"%[-+0 #]*\d*(\.\d+)[fF]", text))
        if found:
            return found.most_common(1)[0][0]
    return ""
