"""Dependencies of a package in `dune-project`, written as opam or other tools have them.

(ocaml >= 4.14)             (ocaml (>= 4.14))
ocaml (>= 4.14)             (ocaml (>= 4.14))
"ocaml" {>= "4.14"}         (ocaml (>= 4.14))
(ocaml (>= 4.14) (< 6))     (ocaml (and (>= 4.14) (< 6)))
(alcotest with-test)        (alcotest :with-test)
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.dune_file import Group, Node, Word
from lsp_aid.repair.dune_places import groups_at
from lsp_aid.repair.family import Candidate, Problem

_FIELDS = ("depends", "depopts", "conflicts")
_OPERATORS = {"=": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "<>": "<>", "!=": "<>"}
_OPERATORS |= {"=>": ">=", "=<": "<=", "==": "=", "~>": ">=", "^": ">="}
_VARIABLES = {"with-test", "with-doc", "with-dev-setup", "build", "post", "dev"}
_LOGIC = ("and", "or", "not")
_PACKAGE = re.compile(r"[\w+-]*[A-Za-z][\w+-]*")
_OPAM = re.compile(r'"(?P<name>[\w+.-]+)"[ \t]*\{(?P<constraint>[^{}]*)\}')
_PIECE = re.compile(r'(?P<op>[<>=!~^]+)|"(?P<text>[^"]*)"|(?P<word>[\w:.~+-]+)|(?P<and>&)|(?P<or>\|)')


async def candidates(problem: Problem) -> Sequence[Candidate]:
    if not problem.diagnostic.path.endswith("dune-project") or problem.diagnostic.source != "dune":
        return []
    around = groups_at(problem)
    fields = [group for group in around if group.head in _FIELDS]
    return list(_rewritten(problem, fields[0])) if fields else []


def _rewritten(problem: Problem, field: Group) -> Iterator[Candidate]:
    """All the dependencies of the field as dune has them."""
    text = problem.source.text
    covered = -1
    edits = [
        TextEdit(opam.start(), opam.end(), _written(opam["name"], list(_conditions(opam["constraint"]))))
        for opam in _OPAM.finditer(text, field.start, field.end)
    ]
    taken = [(edit.start, edit.end) for edit in edits]
    items = list(field.arguments)
    for number, item in enumerate(items):
        if item.start < covered or any(start <= item.start < end for start, end in taken):
            continue
        behind = items[number + 1 : number + 3]
        new, covered = _dependency(text, item, behind)
        if new and new != " ".join(text[item.start : covered].split()):
            edits.append(TextEdit(item.start, covered, new))
    if edits:
        shown = edits[0].text + (", ..." if len(edits) > 1 else "")
        yield Candidate(f"Write the dependencies as dune has them: `{shown}`", problem.edit(*edits), 0.96)


def _dependency(text: str, item: Node, behind: Sequence[Node]) -> tuple[str, int]:
    """The dependency as it should be and where it ends; nothing where it is right or not understood."""
    if isinstance(item, Group):
        name = item.head
        conditions = [one for part in item.arguments for one in _parts(text, part)]
        glued = re.match(r"([\w+-]+?)([<>=!]+)([\w.~+-]+)$", name)
        if glued:
            name, conditions = glued[1], [*_conditions(f"{glued[2]} {glued[3]}"), *conditions]
        joined = list(_conditions(" ".join(conditions))) if all("(" not in one for one in conditions) else conditions
        shown = text[item.items[0].start : item.items[0].end] if not glued else name
        return (_written(shown, joined), item.end) if _PACKAGE.fullmatch(name) else ("", item.end)
    if " " in item.value.strip() or re.search(r"[<>=]", item.value):
        name, rest = re.match(r"\s*([\w+-]*)(.*)", item.value, re.DOTALL).groups()  # type: ignore[union-attr]
        if _PACKAGE.fullmatch(name):
            return _written(name, list(_conditions(rest.strip(" {}")))), item.end
        return "", item.end
    if behind and _PACKAGE.fullmatch(item.value):
        following = behind[0]
        if isinstance(following, Group) and (following.head in _OPERATORS or following.head in _LOGIC):
            return _written(item.value, list(_parts(text, following))), following.end
        if isinstance(following, Word) and following.value in _OPERATORS and len(behind) > 1:
            bare = " ".join(part.value for part in behind if isinstance(part, Word))
            return _written(item.value, list(_conditions(bare))), behind[1].end
    return "", item.end


def _parts(text: str, part: Node) -> Iterator[str]:
    """The pieces of a constraint: a group whole, put right; of words and strings each."""
    if isinstance(part, Group):
        operator = _OPERATORS.get(part.head)
        if operator is not None and len(part.items) == 2:
            yield f"({operator} {text[part.items[1].start : part.items[1].end]})"
        elif part.head in _VARIABLES and len(part.items) == 1:
            yield f":{part.head}"
        elif glued := re.fullmatch(r"([<>=!]+)([\w.~+-]+)", part.head):
            yield f"({_OPERATORS.get(glued[1], glued[1])} {glued[2]})"
        else:
            yield " ".join(text[part.start : part.end].split())
    else:
        yield part.value


def _conditions(said: str) -> Iterator[str]:
    """The conditions of a constraint that is written without parentheses: `>= 4.14 & < 6`, `with-test`."""
    operator = ""
    for piece in _PIECE.finditer(said):
        value = piece["text"] if piece["text"] is not None else piece["word"]
        if piece["op"]:
            operator = _OPERATORS.get(piece["op"], piece["op"])
        elif value is None:
            continue
        elif value.lstrip(":") in _VARIABLES:
            yield f":{value.lstrip(':')}"
        elif inside := list(_conditions(value)) if re.search(r"[<>=]", value) else []:
            yield from inside
        else:
            yield f"({operator or '>='} {value})"
            operator = ""


def _written(name: str, conditions: Sequence[str]) -> str:
    if not conditions:
        return name
    if len(conditions) == 1 or any(one in _OPERATORS for one in conditions):
        return f"({name} {' '.join(conditions)})"
    return f"({name} (and {' '.join(conditions)}))"
