"""What an interface promises, as definitions that a person has to fill in.

A type that is abstract there is `unit` for the time being, a value fails, a module has all of that, and a module of a
named module type is unpacked from a value that fails.
"""

import re
from collections.abc import Iterator

from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair import interface_types as types

_AS_THEY_ARE = ("exception_definition", "external", "module_type_definition", "open_module_signature")
_PLAIN = re.compile(r"(?!(?:mod|land|lor|lxor|lsl|lsr|asr|or)$)[A-Za-z_][\w']*")
_STEP = "  "
_DEEPEST = 10


def defined(specification: Node, indent: str = "", depth: int = 0) -> str | None:
    """The definition that an entry of a signature asks for; None where it is of a kind that nothing can stand for."""
    match specification.kind:
        case "value_specification":
            return _value(specification)
        case "type_definition":
            return _type(specification)
        case "module_definition" if depth < _DEEPEST:
            return _module(specification, indent, depth)
        case kind if kind in _AS_THEY_ARE:
            return specification.text
    return None


def in_code(name: str) -> str:
    """A name as it is bound: an operator in parentheses, `let*` and `mod` as well."""
    return name if _PLAIN.fullmatch(name) else f"( {name} )"


def _value(specification: Node) -> str | None:
    name, written = specification.child("value_name", "parenthesized_operator"), specification.field("type")
    if name is None or written is None:
        return None
    plain = name.text.strip("() ")
    parameters = [_parameter(piece) for piece in types.pieces(written)[:-1]]
    return " ".join(["let", in_code(plain), *parameters, f'= failwith "TODO: {plain}"'])


def _parameter(piece: Node) -> str:
    label = piece.child("label_name") if piece.kind == "labeled_argument_type" else None
    return "_" if label is None else f"{'?' if piece.text.startswith('?') else '~'}{label.text}:_"


def _type(definition: Node) -> str:
    """All parts, the abstract ones as `unit`."""
    text, at, written = definition.syntax.text, definition.start, ""
    for part in (child for child in definition.named_children if child.kind == "type_binding"):
        written += text[at : part.end] + (" = unit" if part.field("body") is None else "")
        at = part.end
    return written + text[at : definition.end]


def _module(definition: Node, indent: str, depth: int) -> str | None:
    binding = definition.child("module_binding")
    name, type_ = (binding.child("module_name"), binding.field("module_type")) if binding else (None, None)
    if binding is None or name is None or type_ is None:
        return None
    parameters = "".join(f" {child.text}" for child in binding.named_children if child.kind == "module_parameter")
    if type_.kind in ("module_type_path", "module_type_constraint"):
        return f'module {name.text}{parameters} = (val (failwith "TODO: {name.text}" : (module {type_.text})))'
    if type_.kind != "signature":
        return None
    inner = indent + _STEP
    parts = list(_within(type_, inner, depth + 1))
    if any(part is None for part in parts):
        return None
    lines = [f"module {name.text}{parameters} = struct", *(f"{inner}{part}" for part in parts), f"{indent}end"]
    return "\n".join(lines)


def _within(signature: Node, indent: str, depth: int) -> Iterator[str | None]:
    for child in signature.named_children:
        if child.kind not in ("attribute", "floating_attribute"):
            yield defined(child, indent, depth)
