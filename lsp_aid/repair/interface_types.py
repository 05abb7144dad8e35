"""Types as an interface writes them: which are the same by the module's own abbreviations, and what of them changes."""

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import syntax
from lsp_aid.ocaml.syntax import Node, Syntax

_NEW_TYPES = frozenset({"variant_declaration", "record_declaration", ".."})
_EVERYDAY = frozenset({"int", "string", "bool", "float", "char", "unit", "bytes"})


@frozen
class Abbreviation:
    """`type ('a, 'b) name = manifest`."""

    name: str
    parameters: tuple[str, ...]
    manifest: Node


def abbreviations(tree: Syntax) -> Mapping[str, Abbreviation]:
    """The types of a file that are other names of types, by name; those of modules within it by their path."""
    found = {}
    for item in tree.declared:
        body = item.node.field("body") if item.kind == "type" else None
        if (
            body is None
            or body.kind in ("variant_declaration", "record_declaration", "..")
            or item.node.child("private")
        ):
            continue
        parameters = tuple(child.text for child in item.node.named_children if child.kind == "type_variable")
        found[item.path] = Abbreviation(item.path, parameters, body)
    return found


def type_of(declaration: str) -> Node | None:
    """The type in the compiler's `val f : int -> int`; None where it is no such declaration."""
    tree = syntax.parse(declaration, "declaration.mli")
    specification = next(tree.walk("value_specification"), None)
    return None if tree.has_error or specification is None else specification.field("type")


def canonical(node: Node, known: Mapping[str, Abbreviation], bound: Mapping[str, str] | None = None) -> str:
    """The type with all abbreviations written out: two types with the same canonical text are the same."""
    bound = bound or {}
    match node.kind:
        case "type_variable":
            return bound.get(node.text, node.text)
        case "parenthesized_type" if len(node.named_children) == 1:
            return canonical(node.named_children[0], known, bound)
        case "type_constructor_path" | "constructed_type":
            return _constructed(node, known, bound)
    if not node.children:
        return node.text
    return f"({' '.join(canonical(child, known, bound) for child in node.children if child.kind != 'comment')})"


def _constructed(node: Node, known: Mapping[str, Abbreviation], bound: Mapping[str, str]) -> str:
    *arguments, path = node.named_children if node.kind == "constructed_type" else [node]
    written = [canonical(argument, known, bound) for argument in arguments]
    abbreviation = known.get(path.text)
    if abbreviation is not None and len(abbreviation.parameters) == len(written):
        without = {name: other for name, other in known.items() if name != path.text}
        return canonical(abbreviation.manifest, without, dict(zip(abbreviation.parameters, written, strict=True)))
    return " ".join([f"({', '.join(written)})" if len(written) > 1 else "".join(written), path.text]).strip()


def pieces(node: Node) -> list[Node]:
    """The arguments of a function type, labels included, and its result."""
    if node.kind == "polymorphic_type" and (inner := node.field("type")):
        return pieces(inner)
    domain, codomain = node.field("domain"), node.field("codomain")
    if node.kind != "function_type" or domain is None or codomain is None:
        return [node]
    return [domain, *pieces(codomain)]


def shown(node: Node, known: Mapping[str, Abbreviation], exported: Sequence[str]) -> str:
    """The type as the interface would write it: by the names of exported abbreviations where they stand for it."""
    named = _exported_name(node, known, exported)
    if named:
        return named
    text, at, written = node.syntax.text, node.start, ""
    for child in node.named_children:
        written += text[at : child.start] + shown(child, known, exported)
        at = child.end
    return " ".join((written + text[at : node.end]).split())


def _exported_name(node: Node, known: Mapping[str, Abbreviation], exported: Sequence[str]) -> str | None:
    if node.kind not in ("type_constructor_path", "constructed_type") or node.text in exported:
        return None
    if node.parent is not None and node.parent.kind == "constructed_type" and node == node.parent.named_children[-1]:
        return None  # the `list` of `int list` is no type by itself
    for name in exported:
        abbreviation = known.get(name)
        if abbreviation is None or abbreviation.parameters or abbreviation.manifest.text in _EVERYDAY:
            continue
        if canonical(abbreviation.manifest, known) == canonical(node, known):
            return name
    return None


def variants(node: Node, known: Mapping[str, Abbreviation], exported: Sequence[str]) -> Iterator[str]:
    """The type in the ways that it may be meant, the likeliest first.

    Where a module has `type t = string`, the compiler prints `t` for either. Only one piece at a time is read the
    other way, the result first, then all.
    """
    yield shown(node, known, exported)
    parts = pieces(node)
    ambiguous = [part for part in reversed(parts) if _is_everyday(part, known)]
    for chosen in [[part] for part in ambiguous] + ([ambiguous] if len(ambiguous) > 1 else []):
        yield " -> ".join(_plain(part, known) if part in chosen else shown(part, known, exported) for part in parts)


def is_everyday(name: str, known: Mapping[str, Abbreviation]) -> bool:
    """Whether a type is another name for `int`, `string` and the like: not every one of these is meant as it."""
    return name in known and canonical(known[name].manifest, known) in _EVERYDAY


def _is_everyday(part: Node, known: Mapping[str, Abbreviation]) -> bool:
    return part.text in known and canonical(part, known) in _EVERYDAY


def _plain(part: Node, known: Mapping[str, Abbreviation]) -> str:
    return canonical(part, known)


def update(written: Node, given: Node, known: Mapping[str, Abbreviation], exported: Sequence[str]) -> list[TextEdit]:
    """The edits that make the written type the given one; pieces that are the same by abbreviation stay as they are."""
    theirs, ours = pieces(given), pieces(written)
    if len(theirs) == len(ours):
        changed = [(o, t) for o, t in zip(ours, theirs, strict=True) if canonical(o, known) != canonical(t, known)]
        return [TextEdit(old.start, old.end, shown(new, known, exported)) for old, new in changed]
    *arguments, result = theirs
    kept: dict[str, list[str]] = {}
    for piece in ours:
        kept.setdefault(canonical(piece, known), []).append(" ".join(piece.text.split()))
    last = (kept.get(canonical(result, known)) or [shown(result, known, exported)])[-1]
    texts = [_as_kept(piece, kept, known) or shown(piece, known, exported) for piece in arguments]
    return [TextEdit(written.start, written.end, " -> ".join([*texts, last]))]


def _as_kept(piece: Node, kept: Mapping[str, list[str]], known: Mapping[str, Abbreviation]) -> str | None:
    """As it is written where it was, each in its turn: argument and result of `t -> int list` may be the same."""
    same = kept.get(canonical(piece, known))
    if not same:
        return None
    return same.pop(0) if len(same) > 1 else same[0]


def as_special_as(written: Node, given: Node) -> str:
    """The given type with its variables replaced by what the written one has at their places, wherever that is clear:
    an interface may say `string -> int` of what is `'a -> 'b`. Variables that are written as such stay."""
    found: dict[str, set[str]] = {}
    for name, text in _at_variables(written, given):
        found.setdefault(name, set()).add(text)
    settled = {name: texts.pop() for name, texts in found.items() if len(texts) == 1}
    text, at, made = given.syntax.text, given.start, ""
    for node in given.walk("type_variable"):
        of = settled.get(node.text, node.text)
        around = node.parent.kind if node.parent is not None else ""
        is_compound = " " in of and not of.startswith("(") and around != "function_type"
        made += text[at : node.start] + (f"({of})" if is_compound or "->" in of else of)
        at = node.end
    return made + text[at : given.end]


def _at_variables(written: Node, given: Node) -> Iterator[tuple[str, str]]:
    """The variables of the given type, each with what is written at its place."""
    written, given = _bare_type(written), _bare_type(given)
    if given.kind == "type_variable":
        yield given.text, " ".join(written.text.split())
        return
    if written.kind != given.kind:
        holds = [part for part in given.named_children if given.kind == "constructed_type"][:-1]
        if len(holds) == 1 and given.named_children[-1].text in ("option", "list", "array", "Seq.t"):
            yield from _at_variables(written, holds[0])  # what was given is in an option now
        return
    ours, theirs = written.named_children, given.named_children
    if len(ours) == len(theirs):
        for one, other in zip(ours, theirs, strict=True):
            yield from _at_variables(one, other)


def _bare_type(node: Node) -> Node:
    while node.kind in ("parenthesized_type", "labeled_argument_type") and len(node.named_children) == 1:
        node = node.named_children[0]
    return node
