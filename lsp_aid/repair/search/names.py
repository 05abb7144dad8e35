"""Names and paths: another name that is in scope, another function of the same module."""

from collections.abc import Iterator

from lsp_aid.repair.search.edit import Edit, Piece, Place, replace
from lsp_aid.repair.similarity import similarity

MISSPELT = 0.7
SIBLINGS = {
    "List": "length hd tl rev append map fold_left fold_right combine mem filter concat nth iter map2 exists for_all "
    "assoc flatten split sort init mapi find rev_append",
    "String": "length concat sub make get index contains uppercase_ascii lowercase_ascii trim map equal",
    "Array": "length get set make map of_list to_list init iter fold_left",
}
"""The functions that are used most, of the modules that are used most."""

CONVERSIONS = (
    "string_of_int", "string_of_float", "int_of_string", "float_of_int", "int_of_float", "float_of_string",
)  # fmt: skip
_RELATED = {
    "print_string": ("print_endline", "print_int"),
    "print_endline": ("print_string",),
    "print_int": ("print_string",),
    "fst": ("snd",),
    "snd": ("fst",),
    "abs": ("abs_float",),
    "abs_float": ("abs",),
    "sqrt": ("float_of_int",),
    "max": ("min",),
    "min": ("max",),
}


def edits(place: Place) -> Iterator[Edit]:
    node = place.node
    if node.kind == "var":
        names = list(place.names)
        known = any(name == node.text for name, _ in names)
        for name, source in names:
            if name != node.text:
                alike = not known and similarity(name, node.text) > MISSPELT
                yield replace(node, Piece(name), "misspelt" if alike else f"name>{source}", (name,))
        yield from _siblings(place)
    elif node.kind == "construct":
        for name in place.program.constructors:
            if name != node.text:
                yield replace(node, Piece(name), "constructor>constructor", (name,))


def _siblings(place: Place) -> Iterator[Edit]:
    node = place.node
    module, dot, name = node.text.rpartition(".")
    if dot and module in SIBLINGS:
        for other in SIBLINGS[module].split():
            if other != name:
                yield replace(node, Piece(f"{module}.{other}"), f"{module}.*", (other,))
    elif node.text in CONVERSIONS:
        for other in CONVERSIONS:
            if other != node.text:
                yield replace(node, Piece(other), "conversion>conversion", (other,))
    for other in _RELATED.get(node.text, ()):
        yield replace(node, Piece(other), f"{node.text}>{other}", (other,))
    for module in ("List", "String"):
        if not dot and name in SIBLINGS[module].split():
            yield replace(node, Piece(f"{module}.{name}"), f"qualify {module}", (name,))
