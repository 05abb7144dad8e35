"""A container and an element given the other way round, in several files, since the function takes them so today.

let submit queue task = if Bqueue.push task queue then Ok () else Error task.name       Bqueue.push queue task
let deliver t message = Bqueue.push message t.inbox       Bqueue.push t.inbox message       in the other file as well

An element of any type may be a container, too: some of these calls are typed all the same, and no error tells of them.
Where one does, the others are turned with it whose element is a container as other calls or a record say.
"""

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.calls_in_code import item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.nested_fields import records
from lsp_aid.repair.places import file_of_module, node_of, text_of, tree
from lsp_aid.repair.type_shapes import Type, parameters, read

_FILES_AT_MOST = 400
_WEIGHT = 0.93

Places = Mapping[str, tuple[int, int]]
"""Of each function that takes a container: the places of it and of the element, -1 where there is none."""


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem) if isinstance(message, messages.TypeClash) else None
    node = node_of(problem, syntax) if syntax is not None else None
    if syntax is None or node is None or not isinstance(message, messages.TypeClash) or node.kind != "value_path":
        return ()
    module, _, name = read(message.found).head.rpartition(".")
    module = module.rpartition(".")[2]
    functions = _functions(problem, module, name) if module else {}
    fields = {
        field
        for _, (_, all_) in records(problem, syntax)
        for field, of in all_.items()
        if of.endswith(f" {module}.{name}")
    }
    start, end = item_around(node)
    for function, (container, element) in functions.items():
        if element < 0:
            continue
        here = [
            call
            for call, given in _calls(syntax, module, function)
            if start <= call.start < end and max(container, element) < len(given) and given[container].text == node.text
        ]
        if not here:
            continue
        edits = {}
        for other in _sources(problem, syntax, module):
            turned = _turned(other, module, function, functions, fields, here if other is syntax else [])
            if turned:
                edits[other.path] = turned
        if len(edits) > 1:
            files = [one for path, made in edits.items() for one in problem.edit(*made, path=path).files]
            count = sum(len(made) for made in edits.values()) // 2
            title = f"`{module}.{function}` takes its arguments the other way round ({count} times)"
            return [Candidate(title, ChangeSet.of(files), _WEIGHT)]
    return ()


def _functions(problem: Problem, module: str, type_: str) -> Places:
    """The functions of the module that take a container of its type, as its interface says."""
    file = file_of_module(problem, module)
    text = text_of(problem.view, f"{file}i") if file is not None else None
    found: dict[str, tuple[int, int]] = {}
    for item in parse(text, f"{file}i").items if text is not None else ():
        written = item.node.field("type") if item.kind == "value" else None
        takes = parameters(read(" ".join(written.text.split())))[0] if written is not None else []
        given = [taken.parts[0] for taken in takes]
        container = next((n for n, one in enumerate(given) if one.head == type_ and one.parts[:1]), -1)
        if container >= 0 and not any(taken.label for taken in takes):
            found[item.name] = (container, _element(given, given[container]))
    return found


def _element(given: Sequence[Type], container: Type) -> int:
    return next((n for n, one in enumerate(given) if one.is_variable and one == container.parts[-1]), -1)


def _sources(problem: Problem, own: Syntax, module: str) -> Iterator[Syntax]:
    yield own
    paths = [p for p in problem.view.paths() if p.endswith(".ml") and p != own.path][:_FILES_AT_MOST]
    for path in paths:
        text = text_of(problem.view, path)
        is_itself = posixpath.basename(path) == f"{module[:1].lower()}{module[1:]}.ml"
        if text is not None and f"{module}." in text and not is_itself:
            yield parse(text, path)


def _calls(syntax: Syntax, module: str, function: str) -> Iterator[tuple[Node, Sequence[Node]]]:
    for call in syntax.walk("application_expression"):
        named = call.field("function")
        if named is not None and f".{named.text}".endswith(f".{module}.{function}"):
            yield call, call.fields("argument")


def _turned(
    syntax: Syntax, module: str, function: str, functions: Places, fields: set[str], known: Sequence[Node]
) -> list[TextEdit]:
    container, element = functions[function]
    edits: list[TextEdit] = []
    for call, given in _calls(syntax, module, function):
        if max(container, element) >= len(given) or any(edit.start <= call.start < edit.end for edit in edits):
            continue
        first, second = given[container], given[element]
        is_wrong = _is_container(second, module, functions, fields, function) or call in known
        if is_wrong and not _is_container(first, module, functions, fields, function):
            edits += [TextEdit(first.start, first.end, second.text), TextEdit(second.start, second.end, first.text)]
    return edits


def _is_container(node: Node, module: str, functions: Places, fields: set[str], but: str) -> bool:
    """Whether a record says so, or another call in the definition."""
    if node.kind == "field_get_expression":
        field = node.field("field")
        return field is not None and field.text.rpartition(".")[2] in fields
    start, end = item_around(node)
    return any(
        start <= call.start < end and container < len(given) and given[container].text == node.text
        for name, (container, _) in functions.items()
        if name != but
        for call, given in _calls(node.syntax, module, name)
    )
