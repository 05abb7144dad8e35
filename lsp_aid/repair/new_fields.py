"""What a record may have in a field that it lacks.

{ Task.id; command }     { Task.id; command; priority = Task.default_priority }     where `Task` has such a value
                         { Task.id; command; priority = Task.Low }                  as `?(priority = Low)` of a function
                         { Task.id; command; notes = [] }                           what is nothing of the type
                         { Task.id; command; priority = Task.High }                 a guess: as other records have it
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from attrs import frozen

from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.scope import in_scope
from lsp_aid.ocaml.syntax import Item, Syntax
from lsp_aid.repair.family import Problem
from lsp_aid.repair.held_values import default_of, is_about
from lsp_aid.repair.places import Declared, declared_elsewhere, text_of, tree
from lsp_aid.repair.type_shapes import Type, read

_FILES_AT_MOST = 400
_MOST = 3
_NOTHING = {
    "option": "None",
    "list": "[]",
    "array": "[||]",
    "unit": "()",
    "Hashtbl.t": "Hashtbl.create 16",
    "Buffer.t": "Buffer.create 16",
    "Queue.t": "Queue.create ()",
    "Stack.t": "Stack.create ()",
    "Seq.t": "Seq.empty",
}
_OF_MODULE = ("default", "empty", "none", "initial", "zero", "unknown")
_SIMPLE = ("number", "signed_number", "string", "character", "boolean", "unit", "empty_list", "constructor_path", "tag")
_MADE = re.compile(r"\b(?:Map|Set)\.Make\b")
_QUOTED = re.compile(r"\[(?P<code>[^\[\]]+)\]|\{!(?P<name>[\w.']+)\}")
_LITERAL = re.compile(r'-?\d[\d_.]*|"[^"]*"|true|false|None')


@frozen
class NewValue:
    text: str
    is_guess: bool = False


@frozen
class _Field:
    """A field where its record is declared. `module` is what stands before the names of that module here."""

    item: Item
    type: Type
    module: str

    def path(self, name: str) -> str:
        return f"{self.module}.{name}" if self.module else name


def new_values(problem: Problem, field: str, beside: Collection[str] = ()) -> list[NewValue]:
    """The values for a field of a record that has those `beside` it, the likeliest first; none where nothing is
    known."""
    files, elsewhere = list(_files(problem, field)), list(declared_elsewhere(problem))
    declared = list(_declared(problem, files, elsewhere, field, frozenset(beside)))
    if len({one.type.head for one in declared}) != 1:
        return []
    one = declared[0]
    known = list(_known(problem, elsewhere))
    found = [NewValue(path) for path in _named(one, known)]
    found += [NewValue(text) for text in _of_parameters(one, files)]
    found += [NewValue(text, is_guess=True) for text in _said(one, known)]
    found += [NewValue(text) for text in _nothing(one)]
    found += [NewValue(text, is_guess=True) for text in _written(files, field)]
    return list({value.text: value for value in reversed(found)}.values())[::-1][:_MOST]


def _files(problem: Problem, field: str) -> Iterator[Syntax]:
    for path in [p for p in problem.view.paths() if p.endswith((".ml", ".mli"))][:_FILES_AT_MOST]:
        text = text_of(problem.view, path)
        if text is not None and field in text:
            yield ocaml_syntax.parse(text, path)


def _declared(
    problem: Problem, files: Sequence[Syntax], elsewhere: Sequence[Declared], field: str, beside: frozenset[str]
) -> Iterator[_Field]:
    """The fields of that name, of the records that have the others as well."""
    here = problem.diagnostic.path
    shown = [one for one in elsewhere if one.kind == "record field" and one.name == field]
    for syntax in files:
        owners = {item.owner for item in syntax.declared if item.kind == "record field" and item.name == field}
        for owner in sorted(owners):
            fields = [item for item in syntax.declared if item.kind == "record field" and item.owner == owner]
            if not beside <= {item.name for item in fields}:
                continue
            item = next(item for item in fields if item.name == field)
            type_ = item.node.field("type")
            text = type_.text if type_ is not None else item.node.text.partition(":")[2]
            end = ".".join((module_of(syntax.path), *item.within, field))
            short = next((one.short for one in shown if f".{one.path}".endswith(f".{end}")), "")
            if short or syntax.path in (here, f"{here}i"):
                yield _Field(item, read(text), short.rpartition(".")[0] or ".".join(item.within))


def _known(problem: Problem, elsewhere: Sequence[Declared]) -> Iterator[str]:
    """The values of the project that the place can name."""
    syntax = tree(problem)
    if syntax is not None:
        yield from (one.name for one in in_scope(syntax, problem.start) if one.kind == "value" and not one.arity)
        yield from (one.path for one in syntax.declared if one.kind == "value" and one.within)
    yield from (one.short or one.path for one in elsewhere if one.kind == "value")


def _named(field: _Field, known: Sequence[str]) -> Iterator[str]:
    """The values that are called the default of the field, or of its type; those of the record's module first."""
    module = field.type.head.rpartition(".")[0].rpartition(".")[2]
    own = field.type.head.rpartition(".")[2]
    for path in sorted(known, key=lambda path: path.rpartition(".")[0] != field.module):
        around, _, name = path.rpartition(".")
        is_of_type = module != "" and around.rpartition(".")[2] == module
        about = default_of(name)
        is_said = bool(about) and (is_about(about or "", field.item.name) or (about == own and around == field.module))
        if is_said or (is_of_type and name in _OF_MODULE):
            yield path


def _of_parameters(field: _Field, files: Sequence[Syntax]) -> Iterator[str]:
    """What a function of the record's module has for an optional parameter of that name."""
    syntax = next((s for s in files if s.path == field.item.node.syntax.path.removesuffix("i")), None)
    names = {item.name for item in syntax.declared if item.within == field.item.within} if syntax is not None else set()
    for parameter in syntax.walk("parameter") if syntax is not None else ():
        default = parameter.field("default")
        if default is None or default.kind not in (*_SIMPLE, "value_path"):
            continue
        if re.match(rf"\?\(?\s*{re.escape(field.item.name)}\b", parameter.text):
            yield field.path(default.text) if default.text.partition(".")[0] in names else default.text


def _said(field: _Field, known: Sequence[str]) -> Iterator[str]:
    """What the documentation of the field puts into brackets: a value, a constructor of its type, a literal."""
    declared = field.item.node.syntax.declared
    constructors = [item.name for item in declared if item.kind == "constructor" and item.owner == field.type.head]
    for comment in _comments(field):
        for quoted in _QUOTED.finditer(comment):
            text = (quoted["code"] or quoted["name"]).strip()
            if text in constructors or field.path(text) in known:
                yield field.path(text)
            elif text in known or _LITERAL.fullmatch(text):
                yield text


def _comments(field: _Field) -> Iterator[str]:
    """Those behind the field on its line, and those above it that are behind no other."""
    node, text = field.item.node, field.item.node.syntax.text
    beside = list(node.parent.children) if node.parent is not None else [node]
    at = beside.index(node)
    for number, one in enumerate(beside):
        if one.kind != "comment":
            continue
        before = next((other for other in reversed(beside[:number]) if other.kind not in ("comment", ";")), None)
        behind = next((n for n in range(number, len(beside)) if beside[n].kind == "field_declaration"), None)
        is_behind = before is not None and "\n" not in text[before.end : one.start] and before.kind != "{"
        if (before == node) if is_behind or behind is None else behind == at:
            yield one.text


def _nothing(field: _Field) -> Iterator[str]:
    head = field.type.head
    if head in _NOTHING:
        yield _NOTHING[head]
    module = head.removesuffix(".t")
    for item in field.item.node.syntax.declared:
        if (
            item.kind == "module"
            and (*item.within, module) == (*field.item.within, item.name)
            and _MADE.search(item.node.text)
        ):
            yield field.path(f"{module}.empty")


def _written(files: Sequence[Syntax], field: str) -> Iterator[str]:
    """What most records of the project have there."""
    seen: Counter[str] = Counter()
    for syntax in files:
        for part in syntax.walk("field_expression"):
            body = part.field("body")
            name = next(iter(part.walk("field_name")), None)
            if name is not None and name.text == field and body is not None and body.kind in _SIMPLE:
                seen[body.text] += 1
    yield from (text for text, _ in seen.most_common(1))
