"""Types that an interface keeps abstract, in the place of what they stand for in the implementation.

The compiler infers `size : 'a list -> int` where `type t = int list` is abstract outside: who has a `t` needs
`size : t -> int`. The variables that this settles are settled everywhere. Where the abstract type is a
function, such as a parser, what is left of a type behind some arguments may be one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.interface_types import Abbreviation, pieces

_TYPES = ("type_constructor_path", "constructed_type", "tuple_type", "function_type")
_MOST = 6
_DEEPEST = 30


@frozen
class _Reading:
    """A node of the inferred type read as an abstract type; `settled` are the type variables that this decides."""

    node: Node
    name: str
    settled: Mapping[str, str]


def instances(type_: Node, known: Mapping[str, Abbreviation], abstract: Sequence[str]) -> Iterator[str]:
    """The type with abstract types in it, the likeliest first: in all places where one fits, then in one alone."""
    found = []
    for name in abstract:
        if (abbreviation := known.get(name)) is None:
            continue
        behind = _behind(type_, abbreviation)
        for parts in [behind, pieces(type_)] if behind else [pieces(type_)]:
            readings = [reading for piece in parts for reading in _readings(piece, abbreviation)]
            found += [taken for taken in (_together(readings), *([one] for one in reversed(readings))) if taken]
    texts = dict.fromkeys(_in_order(_written(type_, taken)) for taken in found)
    yield from list(texts)[:_MOST]


def _behind(type_: Node, abbreviation: Abbreviation) -> list[Node]:
    """The arguments in front of what is the abstract type, and that: none where nothing behind an argument is one."""
    domain, codomain = type_.field("domain"), type_.field("codomain")
    if _bare(abbreviation.manifest).kind != "function_type" or domain is None or codomain is None:
        return []
    following = _behind(codomain, abbreviation)
    if following:
        return [domain, *following]
    parameters, settled = dict.fromkeys(abbreviation.parameters, ""), dict[str, str]()
    is_one = codomain.kind == "function_type" and _fits(codomain, abbreviation.manifest, parameters, settled, 0)
    return [domain, codomain] if is_one else []


def _in_order(text: str) -> str:
    """The type with its variables from `'a` on, where the compiler has named them."""
    names = list(dict.fromkeys(re.findall(r"'[a-z]\b", text)))
    new = {name: f"'{chr(ord('a') + number)}" for number, name in enumerate(names)}
    return re.sub(r"'[a-z]\b", lambda name: new[name[0]], text)


def _readings(node: Node, abbreviation: Abbreviation) -> Iterator[_Reading]:
    """The outermost nodes that can be the abstract type."""
    if node.kind in _TYPES:
        settled: dict[str, str] = {}
        parameters = dict.fromkeys(abbreviation.parameters, "")
        if _fits(node, abbreviation.manifest, parameters, settled, 0):
            given = [parameters[name] or "_" for name in abbreviation.parameters]
            if "_" not in given:
                alone = [f"({one})" if "->" in one or "*" in one else one for one in given]
                written = f"({', '.join(given)}) " if len(given) > 1 else "".join(f"{one} " for one in alone)
                yield _Reading(node, written + abbreviation.name, settled)
                return
    for child in node.named_children:
        if node.kind != "constructed_type" or child != node.named_children[-1]:
            yield from _readings(child, abbreviation)


def _fits(node: Node, manifest: Node, parameters: dict[str, str], settled: dict[str, str], depth: int) -> bool:
    """Whether the node is the manifest for some choice of the parameters and of its own variables, which are noted."""
    node, manifest = _bare(node), _bare(manifest)
    if depth > _DEEPEST:
        return False
    if manifest.kind == "type_variable" and manifest.text in parameters:
        return _same(parameters, manifest.text, node.text)
    if node.kind == "type_variable":
        own = (variable.text for variable in manifest.walk("type_variable") if variable.text in parameters)
        return all(_same(parameters, name, name) for name in own) and _same(settled, node.text, manifest.text)
    if node.kind != manifest.kind:
        return False
    ours, theirs = node.named_children, manifest.named_children
    if not ours or not theirs or node.kind == "type_constructor_path":
        return node.text == manifest.text
    pairs = zip(ours, theirs, strict=False)
    return len(ours) == len(theirs) and all(_fits(a, b, parameters, settled, depth + 1) for a, b in pairs)


def _same(noted: dict[str, str], name: str, text: str) -> bool:
    if not noted.get(name):
        noted[name] = text
    return noted[name] == text


def _bare(node: Node) -> Node:
    while node.kind == "parenthesized_type" and len(node.named_children) == 1:
        node = node.named_children[0]
    return node


def _together(readings: Sequence[_Reading]) -> list[_Reading]:
    """All readings, but for those that want a variable to be something else."""
    taken: list[_Reading] = []
    settled: dict[str, str] = {}
    for reading in readings:
        if all(settled.get(name, text) == text for name, text in reading.settled.items()):
            settled.update(reading.settled)
            taken.append(reading)
    return taken


def _written(type_: Node, taken: Sequence[_Reading]) -> str:
    settled = {name: text for reading in taken for name, text in reading.settled.items()}
    names = {(reading.node.start, reading.node.end): reading.name for reading in taken}
    return " ".join(_text(type_, names, settled).split())


def _text(node: Node, names: Mapping[tuple[int, int], str], settled: Mapping[str, str]) -> str:
    bare = _bare(node)
    if (bare.start, bare.end) in names:
        return names[bare.start, bare.end]
    if node.kind == "type_variable" and node.text in settled:
        plain = settled[node.text]
        return f"({plain})" if "->" in plain or "*" in plain else plain
    text, at, written = node.syntax.text, node.start, ""
    for child in node.named_children:
        written += text[at : child.start] + _text(child, names, settled)
        at = child.end
    return written + text[at : node.end]
