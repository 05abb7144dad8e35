"""Functions over a GADT whose type has to be written, since its cases are of different types.

    let rec eval e = match e with           let rec eval : type a. a expr -> a = fun e -> match e with
      | Int n -> n                            | Int n -> n
      | Bool b -> b                           | Bool b -> b

What each parameter is follows from its patterns, its annotation, or what the type checker makes of it.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import aclosing

from attrs import evolve, frozen

from lsp_aid.domain.text import TextEdit
from lsp_aid.domain.typed import Variant
from lsp_aid.ocaml import dune_stanzas, messages
from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, opened_at, shortened, text_of, tree

_READ = (messages.TypeClash, messages.Other)
_MATCHES = ("match_expression", "function_expression")
_FILES_AT_MOST = 400
_MOST_TRIED = 24
_NAMES = "abcdefgh"
_LABEL = re.compile(r"~\(?\s*(\w+)")
_TITLE = "Say that `{}` is for every type: `type {}. {}`"
_WEIGHT = 0.9


@frozen
class _Header:
    """`patterns` are the parameters as they are written, `types` what is known of each; `None` where nothing is.
    `[start, end)` is what stands between the name and the body."""

    name: str
    patterns: tuple[str, ...]
    types: tuple[str | None, ...]
    result: str | None
    start: int
    end: int
    variables: tuple[str, ...]
    labels: tuple[str, ...] = ()


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, _READ) or (isinstance(message, messages.Other) and "escape" not in message.text):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    asked = await AskedTypes.of(problem) if node is not None else None
    if syntax is None or node is None or asked is None:
        return ()
    for binding in (n for n in (node, *node.ancestors()) if n.kind == "let_binding"):
        if "type " in binding.text.partition("=")[0]:
            continue
        header = _header(problem, syntax, binding)
        if header is not None and (found := await _annotated(problem, asked, binding, header)):
            return found
    return ()


# --- what is written ---


def _header(problem: Problem, syntax: Syntax, binding: Node) -> _Header | None:
    name, body = binding.child("value_name"), binding.field("body")
    if name is None or body is None:
        return None
    parameters = [child for child in binding.named_children if child.kind == "parameter"]
    if any(child.text.startswith("?") for child in parameters):
        return None
    written = binding.field("type")
    if not parameters and written is not None and (found := _polymorphic(name, written, body)) is not None:
        return found
    names = [_named(child.text) for child in parameters]
    types: list[str | None] = [_annotation(child) for child in parameters]
    result = _plain(written.text) if written is not None else None
    matched = list(_matched(body, names))
    if body.kind == "function_expression":
        *taken, given = _pieces(result) if result is not None else (None, None)
        types.append(taken[0] if taken else None)
        result = " -> ".join([*taken[1:], given]) if taken and given else result
        matched += [(len(names), case) for case in body.named_children]
    arity = _of_patterns(problem, syntax, matched, types)
    if not arity:
        return None
    named = {v[1:] for one in (*parameters, written) if one is not None for v in re.findall(r"'[a-z]\w*", one.text)}
    ours = {v for t in (*types, result) if t for v in re.findall(r"\b[a-h]\b", t)} & set(_NAMES[:arity])
    variables = tuple(sorted(named | (ours or (set() if named else set(_NAMES[:arity])))))
    labels = tuple(f"{label[1]}:" if (label := _LABEL.match(child.text)) else "" for child in parameters)
    patterns = tuple(
        child.text if label and ":" in child.text and "(" not in child.text else f"{'~' * bool(label)}{known}"
        for child, known, label in zip(parameters, names, labels, strict=True)
    )
    return _Header(name.text, patterns, tuple(types), result, name.end, body.start, variables, labels)


def _named(parameter: str) -> str:
    """What a parameter is called in the body: `e` for `e`, `(e : t)`, `~e`, `~(e : t)` and `~label:e`."""
    if renamed := re.fullmatch(r"~\w+:(\w+)", parameter):
        return renamed[1]
    return re.sub(r"^~?\(\s*|^~|\s*:.*$", "", parameter, flags=re.DOTALL)


def _of_patterns(problem: Problem, syntax: Syntax, matched: Sequence[tuple[int, Node]], types: list[str | None]) -> int:
    """How many parameters the GADT has that is matched, whose type is filled in where it is not known."""
    arity = 0
    for place, case in matched:
        for constructor in case.walk("constructor_name"):
            of = _gadt(problem, syntax, constructor.text) if constructor.enclosing("match_case") else None
            if of is None:
                continue
            arity = max(arity, of[1])
            if types[place] is None:
                given = ", ".join(_NAMES[: of[1]])
                types[place] = f"({given}) {of[0]}" if of[1] > 1 else f"{given} {of[0]}"
    return arity


def _polymorphic(name: Node, written: Node, body: Node) -> _Header | None:
    """`'a. 'a ty -> int` is there already, and is not enough."""
    match = re.match(r"((?:'\w+\s*)+)\.\s*(.*)$", written.text, re.DOTALL)
    if match is None:
        return None
    return _Header(name.text, (), (), _plain(match[2]), name.end, body.start, tuple(re.findall(r"'(\w+)", match[1])))


def _plain(type_: str) -> str:
    return re.sub(r"'([a-z]\w*)", r"\1", " ".join(type_.split()))


def _annotation(parameter: Node) -> str | None:
    typed = next(iter(parameter.walk("typed_pattern")), None)
    type_ = (typed or parameter).field("type")
    return _plain(type_.text) if type_ is not None else None


def _matched(body: Node, names: Sequence[str]) -> Iterator[tuple[int, Node]]:
    """The patterns that each parameter is matched with."""
    for match in body.walk("match_expression"):
        scrutinee = match.field("expression")
        if scrutinee is None and match.named_children:
            scrutinee = match.named_children[0]
        parts = _elements(scrutinee) if scrutinee is not None else []
        for case in match.named_children:
            pattern = case.field("pattern") if case.kind == "match_case" else None
            for number, part in enumerate(_elements(pattern) if pattern is not None else []):
                if number < len(parts) and parts[number].text in names:
                    yield names.index(parts[number].text), part


def _elements(node: Node) -> list[Node]:
    if node.kind.startswith("parenthesized") and node.named_children:
        return _elements(node.named_children[0])
    if node.kind not in ("tuple_expression", "tuple_pattern"):
        return [node]
    return [part for child in node.named_children for part in _elements(child)]


def _gadt(problem: Problem, syntax: Syntax, constructor: str) -> tuple[str, int] | None:
    """The type that a constructor gives, if it is one with a type of its own, and how many parameters that has."""
    own = problem.diagnostic.path
    for path in [own, *(p for p in problem.view.paths() if p.endswith((".ml", ".mli")) and p != own)][:_FILES_AT_MOST]:
        text = syntax.text if path == own else text_of(problem.view, path)
        if text is None or constructor not in text:
            continue
        found = syntax if path == own else ocaml_syntax.parse(text, path)
        for item in found.declared:
            if item.kind == "constructor" and item.name == constructor and ":" in item.node.text:
                result = item.node.text.rpartition("->")[2].rpartition(":")[2].strip()
                size = _size(result)
                module = "" if path == own else f"{dune_stanzas.module_of(path)}."
                short = shortened(f"{module}{item.owner}", opened_at(problem))
                is_hidden = any(i.kind == "type" and i.name == short and not i.within for i in syntax.declared)
                return (f"{module}{item.owner}" if is_hidden else short, size) if size else None
    return None


def _size(result: str) -> int:
    """How many parameters `('a * int) ty` has: one."""
    if " " not in result:
        return 0
    depth, commas = 0, 0
    for char in result:
        depth += (char in "([") - (char in ")]")
        commas += char == "," and depth == 1
    return commas + 1 if result.startswith("(") else 1


# --- what fits ---


async def _annotated(problem: Problem, asked: AskedTypes, binding: Node, header: _Header) -> list[Candidate]:
    header = _promised(problem, header)
    unknown = [n for n, type_ in enumerate(header.types) if type_ is None]
    choices = [(*header.variables[:1], "_") for _ in unknown]
    results = (header.result,) if header.result is not None else (*header.variables[:1], "_")
    start, end = item_around(binding)
    made: list[tuple[str, tuple[str, ...]]] = []
    for result, *chosen in itertools.islice(itertools.product(results, *choices), _MOST_TRIED):
        types = list(header.types)
        for number, type_ in zip(unknown, chosen, strict=True):
            types[number] = type_
        parts = tuple(t or "_" for t in (*types, result))
        made.append((_written(asked.text, (start, end), header, parts), parts))
    variants = [Variant(text) for text, _ in made]
    head = asked.text[:start]
    async with aclosing(asked.typer.judge(asked.path, head, variants, "", asked.flags, signature=True)) as answers:
        judged = [answer async for answer in answers]
    for (_, parts), answer in zip(made, judged, strict=False):
        if answer is not None and answer.ok:
            settled = _settled(parts, header, answer.signature)
            text = _written(asked.text, (start, end), header, settled)
            type_ = _arrows(settled, header.labels)
            title = _TITLE.format(header.name, " ".join(header.variables), type_)
            return [Candidate(title, problem.edit(TextEdit(start, end, text)), _WEIGHT)]
    return []


def _promised(problem: Problem, header: _Header) -> _Header:
    """With what the interface says of the parameters that nothing else is known of, and of the result."""
    path = f"{problem.diagnostic.path}i"
    interface = ocaml_syntax.parse(text_of(problem.view, path) or "", path)
    item = next((item for item in interface.items if item.kind == "value" and item.name == header.name), None)
    written = item.node.text.partition(":")[2] if item is not None else ""
    named = sorted(set(re.findall(r"'([a-z]\w*)", written)))
    if not header.types or len(named) != 1 or len(header.variables) != 1:
        return header
    parts = _pieces(re.sub(r"'[a-z]\w*", header.variables[0], " ".join(written.split())))
    if len(parts) != len(header.types) + 1:
        return header
    *taken, result = (re.sub(r"^\w+:", "", part) for part in parts)
    types = tuple(known or promised for known, promised in zip(header.types, taken, strict=True))
    return evolve(header, types=types, result=header.result or result)


def _arrows(parts: Sequence[str], labels: Sequence[str]) -> str:
    *taken, result = (
        f"({part})" if len(_pieces(part)) > 1 and n + 1 < len(parts) else part for n, part in enumerate(parts)
    )
    named = [f"{label}{type_}" for label, type_ in itertools.zip_longest(labels, taken, fillvalue="")]
    return " -> ".join([*named, result])


def _written(text: str, item: tuple[int, int], header: _Header, parts: Sequence[str]) -> str:
    function = f"fun {' '.join(header.patterns)} -> " if header.patterns else ""
    between = f" : type {' '.join(header.variables)}. {_arrows(parts, header.labels)} = {function}"
    body = text[header.end : item[1]]
    gap = re.search(r"=(\s*)$", text[header.start : header.end])
    between = between.rstrip() + (gap[1] if gap else " ") if not body.startswith("function") else between
    return text[item[0] : header.start] + between + body


def _settled(parts: Sequence[str], header: _Header, signature: str) -> tuple[str, ...]:
    """The parts with what the type checker found for `_`."""
    match = re.search(rf"val {re.escape(header.name)} :\s*(.*?)(?=\nval |\Z)", signature, re.DOTALL)
    if "_" not in parts or match is None:
        return tuple(parts)
    found = [re.sub(r"^\w+:", "", _plain(piece)) for piece in _pieces(" ".join(match[1].split()))]
    if len(found) != len(parts):
        return tuple(parts)
    return tuple(known if part == "_" else part for part, known in zip(parts, found, strict=True))


def _pieces(type_: str) -> list[str]:
    depth, at, parts = 0, 0, []
    for number, char in enumerate(type_):
        depth += (char in "([") - (char in ")]")
        if depth == 0 and type_.startswith(" -> ", number):
            parts.append(type_[at:number])
            at = number + 4
    return [*parts, type_[at:]]
