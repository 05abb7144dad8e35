"""Which names a place in a file can use, by syntax alone: no types, no other files, tolerant of broken text."""

from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.ocaml.syntax import Node, Syntax, bound_names

_TOP = ("compilation_unit", "structure", "signature")


@frozen
class Binding:
    """A name in scope. `kind`: value, parameter, variable (of a pattern or loop), or as `Item.kind`.

    `node` is where the name stands, `binding` its `let_binding`, `parameter`, `match_case` or definition. `type` is a
    guess from an annotation or a literal, empty where there is none. `arity` counts the parameters that are written.
    """

    name: str
    kind: str
    node: Node
    binding: Node
    type: str = ""
    arity: int = 0


def in_scope(syntax: Syntax, offset: int) -> tuple[Binding, ...]:
    """The names that can be used at an offset, the nearest first, without those that nearer ones hide."""
    seen: set[tuple[str, bool]] = set()
    found = []
    for binding in _visible(syntax, offset):
        key = (binding.name, binding.kind in ("value", "parameter", "variable", "external"))
        if key not in seen:
            seen.add(key)
            found.append(binding)
    return tuple(found)


def lookup(syntax: Syntax, name: str, offset: int) -> Binding | None:
    """The value of that name at an offset."""
    values = ("value", "parameter", "variable", "external")
    return next((b for b in _visible(syntax, offset) if b.name == name and b.kind in values), None)


def opened(syntax: Syntax, offset: int) -> tuple[str, ...]:
    """The paths of the modules that are opened or included above an offset, the nearest first."""
    found = []
    for node, within in _levels(syntax, offset):
        if node.kind == "let_expression" or node.kind in _TOP or node.kind == "ERROR":
            openings = [
                c for c in node.children if c.kind in ("open_module", "include_module") and c.end <= within.start
            ]
            found += [path.text for path in map(_opened_path, reversed(openings)) if path]
        elif node.kind == "local_open_expression" and (path := node.child("module_path")):
            found.append(path.text)
    return tuple(found)


def _opened_path(node: Node) -> Node | None:
    module = node.field("module")
    return module if module is not None and module.kind == "module_path" else None


def _levels(syntax: Syntax, offset: int) -> Iterator[tuple[Node, Node]]:
    """Each node around the offset with the child that leads to it, from inside out."""
    child = syntax.node_at(offset)
    if child is None:
        return
    for node in child.ancestors():
        yield node, child
        child = node


def _visible(syntax: Syntax, offset: int) -> Iterator[Binding]:
    for node, within in _levels(syntax, offset):
        match node.kind:
            case "compilation_unit" | "structure" | "signature" | "ERROR":
                yield from _of_structure(node, within)
            case "let_expression":
                yield from _of_structure(node, within)
            case "let_binding" | "fun_expression" | "method_definition" | "class_binding" | "module_binding":
                yield from _of_parameters(node, within)
            case "match_case":
                pattern = node.field("pattern")
                if pattern is not None and pattern != within:
                    yield from (Binding(n.text, "variable", n, node) for n in bound_names(pattern))
            case "for_expression":
                name = node.field("name")
                if name is not None and within.kind == "do_clause":
                    yield Binding(name.text, "variable", name, node, "int")
            case _:
                pass


def _of_structure(node: Node, within: Node) -> Iterator[Binding]:
    for child in reversed(node.children):
        if child.start > within.start:
            continue
        if child == within:
            if child.kind in ("value_definition", "module_definition") and child.child("rec") is None:
                continue
            if child.kind not in ("value_definition", "type_definition", "module_definition"):
                continue
        yield from _of_definition(child)


def _of_definition(node: Node) -> Iterator[Binding]:
    match node.kind:
        case "value_definition":
            for binding in reversed(node.named_children):
                pattern = binding.field("pattern") if binding.kind == "let_binding" else None
                if pattern is not None:
                    names = list(bound_names(pattern))
                    lone = len(names) == 1 and names[0] == pattern
                    guess, arity = (_guess(binding), _arity(binding)) if lone else ("", 0)
                    yield from (Binding(_bare(n), "value", n, binding, guess, arity) for n in names)
        case "external" | "value_specification":
            name, type_ = node.child("value_name", "parenthesized_operator"), node.field("type")
            if name is not None:
                yield Binding(_bare(name), "external", name, node, type_.text if type_ else "")
        case "module_definition":
            for binding in node.named_children:
                if (name := binding.child("module_name")) is not None:
                    yield Binding(name.text, "module", name, binding)
        case "type_definition":
            for binding in node.named_children:
                if (name := binding.field("name")) is not None:
                    yield Binding(name.text, "type", name, binding)
                for part in binding.walk("constructor_declaration", "field_declaration"):
                    inner = part.child("constructor_name", "field_name")
                    kind = "constructor" if part.kind == "constructor_declaration" else "record field"
                    if inner is not None:
                        yield Binding(inner.text, kind, inner, binding)
        case "exception_definition":
            declared = node.child("constructor_declaration")
            name = declared.child("constructor_name") if declared else None
            if name is not None:
                yield Binding(name.text, "constructor", name, node)
        case _:
            pass


def _of_parameters(node: Node, within: Node) -> Iterator[Binding]:
    for parameter in reversed(node.named_children):
        if parameter.start >= within.start:
            continue
        if parameter.kind == "module_parameter" and (name := parameter.child("module_name")) is not None:
            yield Binding(name.text, "module", name, parameter)
        elif parameter.kind == "parameter":
            names = list(bound_names(parameter))
            guess = _parameter_type(parameter) if len(names) == 1 else ""
            yield from (Binding(_bare(n), "parameter", n, parameter, guess) for n in names)


def _bare(node: Node) -> str:
    return node.text.strip("() \t\r\n") if node.kind == "parenthesized_operator" else node.text


def _arity(binding: Node) -> int:
    written = sum(child.kind == "parameter" for child in binding.named_children)
    body = binding.field("body")
    while body is not None and body.kind == "fun_expression":
        written += sum(child.kind == "parameter" for child in body.named_children)
        body = body.field("body")
    return written + (body is not None and body.kind == "function_expression")


def _parameter_type(parameter: Node) -> str:
    for node in (parameter, parameter.field("pattern")):
        annotated = node.field("type") if node is not None else None
        if annotated is not None:
            return annotated.text
    default = parameter.field("default")
    return literal_type(default) if default else ""


def _guess(binding: Node) -> str:
    """The type of what a `let` binds: annotated, or seen from a literal; of its result where it is a function."""
    annotated = binding.field("type")
    if annotated is not None:
        return annotated.text
    body = binding.field("body")
    return literal_type(body) if body is not None else ""


def literal_type(node: Node) -> str:
    """The type of a literal; empty for any other expression."""
    match node.kind:
        case "string" | "quoted_string":
            return "string"
        case "character":
            return "char"
        case "boolean":
            return "bool"
        case "unit":
            return "unit"
        case "number":
            return number_type(node.text)
        case "sign_expression" | "parenthesized_expression":
            inner = node.field("expression")
            return literal_type(inner) if inner else ""
        case _:
            return ""


_SUFFIXES = {"l": "int32", "L": "int64", "n": "nativeint"}


def number_type(literal: str) -> str:
    """int, float, int32, int64 or nativeint."""
    if literal[-1:] in _SUFFIXES:
        return _SUFFIXES[literal[-1]]
    lowered = literal.lower().lstrip("-+")
    exponent = "p" if lowered.startswith("0x") else "e"
    hexadecimal_or_other = lowered.startswith(("0o", "0b"))
    return "float" if not hexadecimal_or_other and ("." in lowered or exponent in lowered) else "int"


def names_of(bindings: Sequence[Binding], *kinds: str) -> tuple[str, ...]:
    """The names of the bindings of these kinds, in their order."""
    return tuple(binding.name for binding in bindings if binding.kind in kinds)
