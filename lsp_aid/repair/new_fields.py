"""What a record may have in a field that it lacks."""

from collections import Counter
from collections.abc import Iterator

from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.syntax import Syntax
from lsp_aid.repair.family import Problem
from lsp_aid.repair.places import text_of
from lsp_aid.repair.type_shapes import read

_FILES_AT_MOST = 400
_NOTHING = {"option": "None", "list": "[]", "array": "[||]", "unit": "()"}
_SIMPLE = ("number", "signed_number", "string", "character", "boolean", "unit", "empty_list", "constructor_path", "tag")


def new_value(problem: Problem, field: str) -> tuple[str, bool] | None:
    """What is nothing of the field's type; else, as a guess, what most records of the project have there. Whether it is
    one is the second. None where nothing is known."""
    types: set[str] = set()
    seen: Counter[str] = Counter()
    for tree in _files(problem, field):
        for item in tree.declared:
            type_ = item.node.field("type") if item.kind == "record field" and item.name == field else None
            if item.kind == "record field" and item.name == field:
                types.add(read(type_.text if type_ is not None else item.node.text.partition(":")[2]).head)
        for part in tree.walk("field_expression"):
            body = part.field("body")
            name = next(iter(part.walk("field_name")), None)
            if name is not None and name.text == field and body is not None and body.kind in _SIMPLE:
                seen[body.text] += 1
    if len(types) != 1:
        return None
    (head,) = types
    if head in _NOTHING:
        return _NOTHING[head], False
    return (seen.most_common(1)[0][0], True) if seen else None


def _files(problem: Problem, field: str) -> Iterator[Syntax]:
    for path in [p for p in problem.view.paths() if p.endswith((".ml", ".mli"))][:_FILES_AT_MOST]:
        text = text_of(problem.view, path)
        if text is not None and field in text:
            yield ocaml_syntax.parse(text, path)
