"""A container and an element given the other way round, in several calls, since the functions take them so today.

let submit queue task = if Bqueue.push task queue then Ok () else Error task.name       Bqueue.push queue task
let deliver t message = Bqueue.push message t.inbox       Bqueue.push t.inbox message       in the other file as well
let known (t : Symbols.t) name = Hashtbl.mem name t       Hashtbl.mem t name       where `Symbols.t` was a map before
let login session user = Session.set "user" user session       Session.set session "user" user

An element of any type may be a container, too: some of these calls are typed all the same, and no error tells of them.
Where one does, the others are turned with it whose element is a container as annotations, other calls or a record say.
"""

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from attrs import frozen

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import ATOMS, item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.nested_fields import records
from lsp_aid.repair.places import file_of_module, moved, text_of, type_clash, within_parentheses
from lsp_aid.repair.type_shapes import Type, parameters, read

_FILES_AT_MOST = 400
_WEIGHT = 0.93
_LITERALS = ("string", "number", "character", "boolean", "tag", "constructor_path", "quoted_string", "infix_expression")

Places = Mapping[str, tuple[int, int]]
"""Of each function that takes a container: the places of it and of the element, -1 where there is none."""

_OF_KEY = dict.fromkeys(("add", "replace", "find", "find_opt", "find_all", "mem", "remove"), (0, 1))
_ALONE = dict.fromkeys(
    ("length", "clear", "copy", "is_empty", "to_seq", "pop", "take", "peek", "top", "reset"), (0, -1)
)
_WALKED = {"iter": (1, -1), "fold": (2, -1)}
_PUSHED = {"add": (1, 0), "push": (1, 0)}
_STANDARD: Mapping[str, Places] = {
    "Hashtbl": {**_OF_KEY, **_ALONE, "iter": (1, -1), "fold": (1, -1), "filter_map_inplace": (1, -1)},
    "Queue": {**_ALONE, **_WALKED, **_PUSHED},
    "Stack": {**_ALONE, **_WALKED, "push": (1, 0)},
}


@frozen
class _Container:
    """`functions` of `module` take values of a type of it; `types` are its names in the project, `M.t`, and `fields`
    those of records that are of it. `wrong`, in the item from `start` to `end`, is none, as an error says."""

    module: str
    functions: Places
    types: frozenset[str]
    fields: frozenset[str]
    path: str
    start: int
    end: int
    wrong: str

    def makes(self, call: str) -> bool:
        """Whether a function, by its path, gives a new one, as its name says."""
        module, _, name = call.rpartition(".")
        of = {self.module, *(type_.rpartition(".")[0] for type_ in self.types)}
        return module.rpartition(".")[2] in of and name in ("create", "make", "init", "copy", "of_seq", "of_list")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    clash = type_clash(problem)
    if clash is None:
        return ()
    message, node = clash
    syntax = node.syntax
    heads = (read(message.found).head, read(message.expected).head)
    for head in dict.fromkeys(heads):
        container = _container(problem, syntax, node, head, is_wrong=heads[0] != heads[1])
        if container is None:
            continue
        turned = [(other.path, _turned(other, container)) for other in _sources(problem, syntax, container.module)]
        edits = {path: made for path, (made, _) in turned if made}
        is_told = any(told for _, (_, told) in turned)
        count = sum(len(made) for made in edits.values()) // 2
        if is_told and (count > 1 or set(edits) - {syntax.path}):
            title = f"`{container.module}` takes its arguments the other way round ({count} times)"
            return [Candidate(title, problem.edit_each(edits), _WEIGHT)]
    return await _subject_moved(problem, syntax, node, heads)


def _container(problem: Problem, syntax: Syntax, node: Node, head: str, *, is_wrong: bool) -> _Container | None:
    module, _, name = head.removeprefix("Stdlib.").rpartition(".")
    module = module.rpartition(".")[2]
    is_own = bool(module) and file_of_module(problem, module) is not None
    functions = _functions(problem, module, name) if is_own else _STANDARD.get(module, {})
    if not functions:
        return None
    types = frozenset(_names(problem, syntax, f"{module}.{name}"))
    fields = frozenset(
        field
        for record, (_, all_) in records(problem, syntax)
        for field, of in all_.items()
        if _is_of(of, types, record.partition(".")[0])
    )
    start, end = item_around(node)
    wrong = node.text if is_wrong and node.kind == "value_path" else ""
    return _Container(module, functions, types, fields, syntax.path, start, end, wrong)


def _is_of(type_: str, types: frozenset[str], module: str) -> bool:
    """Whether a type, as it is written in a module, is one of these."""
    last = ".".join(type_.split()[-1].split(".")[-2:]) if type_.split() else ""
    return last in types or f"{module}.{last}" in types


def _names(problem: Problem, syntax: Syntax, type_: str) -> Iterator[str]:
    """The type, and those of the project that are other names of it."""
    yield type_
    for path in [p for p in problem.view.paths() if p.endswith((".ml", ".mli"))][:_FILES_AT_MOST]:
        text = syntax.text if path == syntax.path else text_of(problem.view, path)
        if text is None or type_ not in text or "type" not in text:
            continue
        for item in parse(text, path).items:
            body = item.node.field("body") if item.kind == "type" else None
            if body is not None and body.kind == "constructed_type" and body.text.endswith(f" {type_}"):
                yield f"{module_of(path)}.{item.path}"


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
    return next((n for n, one in enumerate(given) if one.is_variable and one in container.parts), -1)


def _sources(problem: Problem, own: Syntax, module: str) -> Iterator[Syntax]:
    yield own
    paths = [p for p in problem.view.paths() if p.endswith(".ml") and p != own.path][:_FILES_AT_MOST]
    for path in paths:
        text = text_of(problem.view, path)
        is_itself = posixpath.basename(path) == f"{module[:1].lower()}{module[1:]}.ml"
        if text is not None and f"{module}." in text and not is_itself:
            yield parse(text, path)


def _calls(syntax: Syntax, container: _Container) -> Iterator[tuple[Node, tuple[int, int], Sequence[Node]]]:
    for call in syntax.walk("application_expression"):
        named = call.field("function")
        module, _, name = named.text.rpartition(".") if named is not None else ("", "", "")
        if module.rpartition(".")[2] == container.module and name in container.functions:
            yield call, container.functions[name], call.fields("argument")


def _turned(syntax: Syntax, container: _Container) -> tuple[list[TextEdit], bool]:
    """The edits that turn the calls of a file, and whether what is given as an element of one is known as a
    container: otherwise it may be the other use of the value in error that is wrong."""
    edits: list[TextEdit] = []
    is_told = False
    for call, (place, element), given in _calls(syntax, container):
        if element < 0 or max(place, element) >= len(given):
            continue
        if any(edit.start <= call.start < edit.end for edit in edits):
            continue
        first, second = (_is_container(given[n], container) for n in (place, element))
        if (second or first is False) and not first and second is not False:
            one, other = given[place], given[element]
            edits += [TextEdit(one.start, one.end, other.text), TextEdit(other.start, other.end, one.text)]
            is_told = is_told or second is True
    return edits, is_told


def _is_container(node: Node, container: _Container) -> bool | None:
    """Whether something is a container, as what is around it says; None where nothing does."""
    node = within_parentheses(node)
    if node.kind in _LITERALS:
        return False
    if node.kind == "field_get_expression":
        field = node.field("field")
        return True if field is not None and field.text.rpartition(".")[2] in container.fields else None
    if node.kind != "value_path":
        return None
    is_here = node.syntax.path == container.path and container.start <= node.start < container.end
    if is_here and node.text == container.wrong:
        return False
    return _is_said(node, container)


def _is_said(node: Node, container: _Container) -> bool | None:
    """By an annotation, by what it is bound to, or by a call that takes nothing but a container."""
    start, end = item_around(node)
    module, name = module_of(node.syntax.path), re.escape(node.text)
    text = node.syntax.text[start:end]
    if annotated := re.search(rf"[(~?]\s*{name}\s*:\s*([^()=]*(?:\([^()]*\)[^()=]*)*)\)", text):
        return _is_of(annotated[1], container.types, module)
    bound = re.search(rf"\blet\s+{name}\s*(?::[^=]*)?=\s*([A-Z][\w.']*)", node.syntax.text[:end])
    if bound is not None and container.makes(bound[1]):
        return True
    sole = any(
        start <= call.start < end and element < 0 and place < len(given) and given[place].text == node.text
        for call, (place, element), given in _calls(node.syntax, container)
    )
    return True if sole else None


# --- a value of the module's own type, which was the last that its functions took and is the first now ---


async def _subject_moved(problem: Problem, syntax: Syntax, node: Node, heads: Sequence[str]) -> Sequence[Candidate]:
    """All calls of the module's functions that are written the old way, in every file."""
    for head in dict.fromkeys(heads):
        path, _, name = head.rpartition(".")
        module = path.rpartition(".")[2]
        subjects = _subjects(problem, module, name) if module and file_of_module(problem, module) is not None else {}
        if not subjects:
            continue
        sources = list(_sources(problem, syntax, module))
        names = {module.lower(), *(name for one in sources for name in _names_of(one, module, head, subjects, node))}
        turned = {one.path: list(_moved(one, module, subjects, names, node)) for one in sources}
        edits = {path: made for path, made in turned.items() if made}
        if syntax.path in edits and await _is_settled(problem, edits[syntax.path], node):
            count = sum(map(len, edits.values()))
            title = f"The functions of `{module}` take `{head}` at the other end ({count} times)"
            return [Candidate(title, problem.edit_each(edits), _WEIGHT)]
    return ()


async def _is_settled(problem: Problem, edits: Sequence[TextEdit], node: Node) -> bool:
    """Whether the error goes with the edits of its file, as far as the type checker can tell."""
    asked = await AskedTypes.of(problem)
    own = problem.edit(*edits).files
    return asked is None or (bool(own) and (await asked.reached([own[0].after or ""]))[0] > moved(node.start, edits))


def _subjects(problem: Problem, module: str, type_: str) -> dict[str, tuple[int, int]]:
    """The functions of the module that take one value of its type, first or last: where it is today, and was before."""
    file = file_of_module(problem, module)
    text = text_of(problem.view, f"{file}i") if file is not None else None
    found = {}
    for item in parse(text, f"{file}i").items if text is not None else ():
        written = item.node.field("type") if item.kind == "value" else None
        takes = parameters(read(" ".join(written.text.split())))[0] if written is not None else []
        places = [n for n, taken in enumerate(takes) if taken.argument.head == type_]
        last = len(takes) - 1
        if last > 0 and len(places) == 1 and places[0] in (0, last) and not any(taken.label for taken in takes):
            found[item.name] = (places[0], last - places[0])
    return found


def _names_of(
    syntax: Syntax, module: str, type_: str, subjects: Mapping[str, tuple[int, int]], wrong: Node
) -> Iterator[str]:
    """What values of the type are called: what is annotated so, is bound to what makes one, or stands where one was in
    a call that has something else today."""
    short = re.escape(".".join(type_.split(".")[-2:]))
    yield from re.findall(rf"\(\s*(\w+)\s*:\s*(?:\w+\.)*{short}\s*\)", syntax.text)
    yield from re.findall(rf"\blet\s+(\w+)\s*=\s*(?:\w+\.)*{module}\.(?:create|make|init|v|empty|open_)\b", syntax.text)
    for call, (place, before) in _of_module(syntax, module, subjects):
        given = call.fields("argument")
        if (
            len(given) == max(place, before) + 1
            and given[before].kind == "value_path"
            and _is_none(given[place], wrong)
        ):
            yield given[before].text


def _of_module(
    syntax: Syntax, module: str, subjects: Mapping[str, tuple[int, int]]
) -> Iterator[tuple[Node, tuple[int, int]]]:
    for call in syntax.walk("application_expression"):
        named = call.field("function")
        path, _, name = named.text.rpartition(".") if named is not None else ("", "", "")
        if path.rpartition(".")[2] == module and name in subjects:
            yield call, subjects[name]


def _moved(
    syntax: Syntax, module: str, subjects: Mapping[str, tuple[int, int]], names: Collection[str], wrong: Node
) -> Iterator[TextEdit]:
    """The calls with all arguments whose value of the type is where it was, and what is handed to a call with `|>`."""
    end = -1  # of the last call that was written anew: what is in it waits
    for call, (place, before) in _of_module(syntax, module, subjects):
        named, given = call.field("function"), call.fields("argument")
        if named is None or call.start < end:
            continue
        texts, number = [one.text for one in given], max(place, before) + 1
        handed = _handed(call) if before == len(given) else None
        if handed is not None and handed.parent is not None and _is_there(handed, given[place], names, wrong):
            value = handed.text if handed.kind in ATOMS else f"({handed.text})"
            end = handed.parent.end
            yield TextEdit(handed.start, end, " ".join((named.text, value, *texts)))
        elif len(given) == number and _is_there(given[before], given[place], names, wrong):
            end = call.end
            texts.insert(place, texts.pop(before))
            yield TextEdit(given[0].start, given[-1].end, " ".join(texts))


def _handed(call: Node) -> Node | None:
    """What `|>` gives to a call."""
    above = call.parent
    sign = above.field("operator") if above is not None and above.kind == "infix_expression" else None
    is_right = above is not None and above.field("right") == call
    return above.field("left") if above is not None and sign is not None and sign.text == "|>" and is_right else None


def _is_there(old: Node, new: Node, names: Collection[str], wrong: Node) -> bool:
    """Whether the value of the type is the old one: by its name, or since the one that is there now is none."""
    last = within_parentheses(old).text.rpartition(".")[2]
    is_old = last in names or any(last.endswith(f"_{name}") for name in names)
    is_new = within_parentheses(new).text.rpartition(".")[2] in names
    if within_parentheses(old).kind in _LITERALS or is_new:
        return False
    return is_old or _is_none(new, wrong)


def _is_none(given: Node, wrong: Node) -> bool:
    """Whether it is no value of the type: the error says so, or it is a literal."""
    return given == wrong or within_parentheses(given).kind in _LITERALS
