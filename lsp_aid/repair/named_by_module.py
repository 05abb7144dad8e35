"""What modules beside each other define by their own names: part of the members that a module lacks.

let id = "mail" in mail.ml, let id = "webhook" in webhook.ml        let id = "sms" in sms.ml
"""

import posixpath
from collections.abc import Iterator

from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.syntax import Item, Node, parse
from lsp_aid.repair.family import Problem
from lsp_aid.repair.layout import line_start, newline
from lsp_aid.repair.places import text_of

_FORMS = (
    str,
    str.lower,
    str.upper,
    lambda name: name.lower().replace("_", "-"),
    lambda name: name.lower().replace("_", " "),
    lambda name: name.replace("_", " "),
)
_LEAVES = ("string_content", "constructor_name")
_FILES_AT_MOST = 100
_LONGEST = 100  # letters of a definition


def named_by_module(problem: Problem, structure: Node, name: str) -> Iterator[tuple[str, int]]:
    """The definition that says the module's own name, and where it goes; at most one. None where the others do not
    agree."""
    own = _module(structure)
    found = list(_beside(problem, structure, name)) if own else []
    ways = [{_said_of(item, form(module), form(own)) for module, item, _ in found} for form in _FORMS]
    text = next((text for way in ways if len(way) == 1 and (text := next(iter(way))) is not None), None)
    if text is None:
        return
    ours = _values(structure)
    source = structure.syntax.text
    for _, item, items in found:
        place = items.index(item)
        for other, is_next in [(i, True) for i in items[place + 1 : place + 2]] + [
            (i, False) for i in items[:place][-1:]
        ]:
            if (beside := next((i for i in ours if i.name == other.name), None)) is not None:
                indent = source[line_start(source, beside.start) : beside.start]
                gap = newline(source) + indent if not indent.strip() else " "
                yield (f"{text}{gap}", beside.start) if is_next else (f"{gap}{text}", beside.end)
                return


def _module(structure: Node) -> str:
    if structure.parent is None:
        return module_of(structure.syntax.path)
    name = structure.parent.child("module_name") if structure.parent.kind == "module_binding" else None
    return name.text if name is not None else ""


def _beside(problem: Problem, structure: Node, name: str) -> Iterator[tuple[str, Item, list[Item]]]:
    """The modules of the folder, or of the file, that have the value: each with it and all of its values."""
    if structure.parent is None:
        path = structure.syntax.path
        folder = posixpath.dirname(path)
        paths = [p for p in problem.view.paths() if p.endswith(".ml") and posixpath.dirname(p) == folder and p != path]
        texts = [(p, text_of(problem.view, p) or "") for p in paths[:_FILES_AT_MOST]]
        others = [parse(text, p).root for p, text in texts if name in text]
    else:
        others = [node for node in structure.syntax.walk("structure") if node != structure]
    for other in others:
        values = _values(other) if other is not None else []
        item = next((i for i in values if i.name == name), None)
        if other is not None and item is not None and (module := _module(other)):
            yield module, item, values


def _values(structure: Node) -> list[Item]:
    start, end = structure.start, structure.end

    declared = [(i, i.definition.parent) for i in structure.syntax.declared if i.kind == "value"]
    return [i for i, above in declared if above is not None and (above.start, above.end) == (start, end)]


def _said_of(item: Item, said: str, own: str) -> str | None:
    """A definition that says the one word once, with the other in its place."""
    body = item.node.field("body")
    if body is None or item.node.child("parameter") is not None or len(body.text) > _LONGEST:
        return None
    leaves = [leaf for leaf in body.walk(*_LEAVES) if leaf.text == said]
    if len(leaves) != 1:
        return None
    text = item.definition.text
    at = leaves[0].start - item.definition.start
    return f"{text[:at]}{own}{text[at + len(said) :]}"
