"""An option where a result is wanted: what is not there is an error that the project has a name for.

    let* book = find t isbn in ...       let* book = Option.to_result ~none:(Unknown_book isbn) (find t isbn) in ...

A function of the file that is called so more than once gives the result itself.
"""

import re
from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Item, Node, Syntax, bound_names, parse
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import declared_elsewhere, file_of_module, node_of, text_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import read

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_FINDS = frozenset(("find", "get", "look", "lookup", "opt", "by", "of", "the", "to", "t", "in", "from", "load", "read"))
_LACKS = frozenset(("not", "found", "missing", "unknown", "no", "such", "absent", "none", "undefined", "unbound"))
_ERRORS = ("error", "err", "problem", "failure", "reason")
_MOST = 4


@frozen
class _Error:
    """A way to say what is not there: `text` with `{}` for what it carries, `likely` from 0 to 1."""

    text: str
    likely: float
    carries: bool


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash) or message.what == "pattern":
        return ()
    found, expected = read(message.found), read(message.expected)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if found.head != "option" or expected.head not in ("result", "Result.t") or syntax is None or node is None:
        return ()
    node = within_parentheses(node)
    if node.kind not in ("application_expression", "value_path", "infix_expression", "field_get_expression"):
        return ()
    wanted = expected.parts[1].head if len(expected.parts) == 2 else "'e"
    names = set(_names(node))
    errors = sorted(_errors(problem, syntax, wanted, names), key=lambda e: -e.likely)[:_MOST]
    return [
        *_in_definition(problem, syntax, node, errors),
        *_here(problem, syntax, node, errors),
        *_in_words(problem, node, wanted, names, errors),
    ]


def _words(name: str) -> list[str]:
    return [word.casefold().removesuffix("s") for word in _WORD.findall(name)]


def _names(node: Node) -> Iterator[str]:
    """The words of what is looked for: of the name it gets and of the function that looks."""
    binding = node.enclosing("let_binding")
    body = binding.field("body") if binding is not None else None
    pattern = binding.field("pattern") if binding is not None else None
    if body is not None and pattern is not None and within_parentheses(body) == node and not binding.child("parameter"):  # type: ignore[union-attr]
        yield from (word for name in bound_names(pattern) for word in _words(name.text))
    function = node.field("function") or node
    yield from (word for word in _words(function.text) if word not in _FINDS)


# --- errors with a name ---


def _errors(problem: Problem, syntax: Syntax, wanted: str, names: set[str]) -> Iterator[_Error]:
    for path, item in _constructors(problem, syntax, wanted):
        likely = _likely(item.name, names)
        carried = [child for child in item.node.named_children if child.kind not in ("constructor_name", "comment")]
        if likely and not any(child.kind == "record_declaration" for child in carried) and len(carried) < 2:
            yield _Error(path, likely, bool(carried))
    seen = set()
    for tag in syntax.walk("tag"):
        above = tag.parent
        carries = above is not None and above.kind == "tag_expression"
        said = within_parentheses(above).enclosing("application_expression", "labeled_argument") if above else None
        if said is None or not re.match(r"Error\b|~none:", said.text) or (tag.text, carries) in seen:
            continue
        seen.add((tag.text, carries))
        if likely := _likely(tag.text, names):
            yield _Error(tag.text, likely, carries)


def _constructors(problem: Problem, syntax: Syntax, wanted: str) -> Iterator[tuple[str, Item]]:
    """The constructors of the error's type; where it is not known, of those that are called like one."""
    named = wanted.rpartition(".")[2]
    is_open = named.startswith(("'", "_"))
    owners = _ERRORS if is_open else (named,)
    for item in syntax.declared:
        if item.kind == "constructor" and item.owner in owners and ("." not in wanted or item.within):
            yield ".".join((*item.within, item.name)), item
    for module in dict.fromkeys(
        d.path.rpartition(".")[0] for d in declared_elsewhere(problem) if d.kind == "type" and d.name in (*owners, "t")
    ):
        if is_open and module.rpartition(".")[2] not in ("Error", "Errors"):
            continue
        if not is_open and wanted not in (f"{module}.{named}", f"{module.rpartition('.')[2]}.{named}"):
            continue
        file = file_of_module(problem, module.rpartition(".")[2])
        text = text_of(problem.view, file) if file is not None else None
        for item in parse(text, file).declared if text is not None and file is not None else ():
            if item.kind == "constructor" and item.owner in (*owners, "t") and not item.within:
                yield f"{module}.{item.name}", item


def _likely(constructor: str, names: set[str]) -> float:
    """How likely an error of this name says that what has these names is not there."""
    words = set(_words(constructor))
    lacks = words & {word.removesuffix("s") for word in _LACKS}
    about = words - {word.removesuffix("s") for word in _LACKS}
    if about & names and lacks:
        return 1.0
    if lacks and not about:
        return 0.85
    return 0.75 if about & names else 0.0


def _filled(error: _Error, arguments: Sequence[str]) -> Iterator[tuple[str, float]]:
    """What is given to `~none`, the last argument, which is mostly the key, first."""
    if not error.carries:
        yield error.text, error.likely
        return
    for number, argument in enumerate(reversed(arguments)):
        yield f"({error.text} {argument})", error.likely * (1 - 0.1 * number)


# --- where ---


def _here(problem: Problem, syntax: Syntax, node: Node, errors: Sequence[_Error]) -> Iterator[Candidate]:
    given = [within_parentheses(one) for one in node.fields("argument") if one.kind != "labeled_argument"]
    arguments = [one.text for one in given if one.kind in ("value_path", "string", "number", "field_get_expression")]
    function = node.field("function")
    if function is not None and function.text.startswith("List."):  # the key comes first
        arguments.reverse()
    for error in errors:
        for none, likely in _filled(error, arguments):
            title = f"Where there is none, that is an error: `{none.strip('()')}`"
            for number, edits in enumerate(_forms(syntax, node, none)):
                yield Candidate(title, problem.edit(*edits), (0.92 - 0.12 * number) * likely)


def _forms(syntax: Syntax, node: Node, none: str) -> Iterator[tuple[TextEdit, ...]]:
    """Around the expression or behind it, as the file has it elsewhere first."""
    call = f"Option.to_result ~none:{none}"
    atom = node.kind in ("value_path", "field_get_expression")
    front = (
        TextEdit(node.start, node.start, f"{call} {'' if atom else '('}"),
        TextEdit(node.end, node.end, "" if atom else ")"),
    )
    behind = (TextEdit(node.end, node.end, f" |> {call}"),)
    piped = re.search(r"\|>\s*Option\.to_result", syntax.text) is not None
    yield from (behind, front) if piped else (front, behind)


def _in_definition(problem: Problem, syntax: Syntax, node: Node, errors: Sequence[_Error]) -> Iterator[Candidate]:
    function = node.field("function") if node.kind == "application_expression" else node
    if function is None:
        return
    item = next((i for i in syntax.items if i.kind == "value" and i.name == function.text), None)
    body = item.node.field("body") if item is not None else None
    uses = [n for n in syntax.walk("value_path") if n.text == function.text]
    exported = text_of(problem.view, f"{problem.diagnostic.path}i") or ""
    if item is None or body is None or body.kind != "application_expression" or len(uses) < 2:
        return
    if re.search(rf"^\s*val\s+{re.escape(item.name)}\b", exported, re.MULTILINE):
        return
    parameters = [n.text for p in item.node.children if p.kind == "parameter" for n in bound_names(p)]
    for error in errors:
        for none, likely in _filled(error, parameters):
            title = f"`{item.name}` gives an error where there is none: `{none.strip('()')}`"
            for number, edits in enumerate(_forms(syntax, body, none)):
                yield Candidate(title, problem.edit(*edits), (0.96 - 0.12 * number) * likely)


def _in_words(
    problem: Problem, node: Node, wanted: str, names: set[str], errors: Sequence[_Error]
) -> Iterator[Candidate]:
    """Errors that are texts say what is not there; how is for a person to word."""
    if not errors and (wanted == "string" or wanted.startswith(("'", "_"))):
        what = next((name for name in _names(node) if name in names), "")
        text = f'"{what} not found"' if what else '"not found"'
        for number, edits in enumerate(_forms(node.syntax, node, text)):
            yield Candidate(
                f"Where there is none, that is an error: {text}", problem.edit(*edits), 0.72 - 0.1 * number, Kind.GUESS
            )
