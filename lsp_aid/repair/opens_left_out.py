"""Opens that a file lacks, where it uses names of a module as others do that open it.

let age s = if s = "" then fail "none" else ...        open Syntax, in front
let parse s = let* n = age s in ...

One name that is used once is called by its module instead: see `misspelt_name`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.ocaml import messages, stdlib
from lsp_aid.ocaml.scope import in_scope, lookup, names_of
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import below_opens
from lsp_aid.repair.misspelt_name import OPERATORS
from lsp_aid.repair.places import Declared, declared_elsewhere, is_member, opened_at, shortened, text_of, tree

_KINDS = {
    "value": ("value", "external"),
    "constructor": ("constructor", "exception"),
    "record field": ("record field",),
    "type constructor": ("type",),
    "module": ("module",),
}
_NODES = {
    "value": ("value_path", *OPERATORS),
    "constructor": ("constructor_path",),
    "type constructor": ("type_constructor_path",),
    "record field": ("field_path",),
}
_USUAL = "+ - * / +. -. *. /. ** ^ @ = <> == != < > <= >= && || & := ! |> @@ ~- ~-. ^^"
_BEHIND = frozenset((*stdlib.PERVASIVES, *stdlib.TYPES, *stdlib.CONSTRUCTORS, *_USUAL.split()))
_NAMED = r"(?<![\w'.]){}\.(?!\()"
_FILES_AT_MOST = 400
_AS_OTHERS, _MANY, _MOST = 0.95, 0.82, 3


@frozen
class _Use:
    name: str
    item: int  # where the item of the file starts that it is in


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    if not isinstance(message, messages.UnboundName) or message.qualifier or message.of_type or syntax is None:
        return ()
    kinds = _KINDS.get(message.sort, ())
    declared = list(declared_elsewhere(problem))
    modules = dict.fromkeys(
        d.path.rpartition(".")[0] for d in declared if d.kind in kinds and _plain(d.name) == message.name
    )
    opens = opened_at(problem)
    found = []
    for module in list(modules)[:_MOST]:
        short = shortened(module, opens)
        if short and module not in opens and short not in opens:
            found += list(_opened(problem, syntax, message, short, _members(declared, module)))
    return found


def _plain(name: str) -> str:
    return re.sub(r"[()\s]", "", name)


def _members(declared: Sequence[Declared], module: str) -> dict[str, set[str]]:
    """The names of a module, by the sort of what they name."""
    own = [d for d in declared if d.path.rpartition(".")[0] == module]
    return {sort: {_plain(d.name) for d in own if d.kind in kinds} for sort, kinds in _KINDS.items()}


def _opened(
    problem: Problem, syntax: Syntax, message: messages.UnboundName, module: str, members: dict[str, set[str]]
) -> Iterator[Candidate]:
    uses = list(_uses(syntax, members))
    names = {use.name for use in uses}
    last = module.rpartition(".")[2]
    opening, qualifying = _others(problem, last)
    is_used = len(uses) > 1 or not message.name.isidentifier()
    if message.name not in names or not is_used or re.search(_NAMED.format(last), syntax.text):
        return  # a file that names the module does so for all that it has
    is_spread = len(names) > 1 and len({use.item for use in uses}) > 1
    if opening > qualifying or (opening and is_spread):
        weight = _AS_OTHERS
    elif is_spread and not qualifying:
        weight = _MANY
    else:
        return
    shown = ", ".join(f"`{name}`" for name, _ in Counter(use.name for use in uses).most_common(3))
    title = f"Open `{module}`, which has {shown}"
    yield Candidate(title, problem.edit(below_opens(syntax, f"open {module}")), weight)


def _uses(syntax: Syntax, members: dict[str, set[str]]) -> Iterator[_Use]:
    """The names of the module that the file uses without it, and does not have itself."""
    for sort, kinds in _NODES.items():
        for node in syntax.walk(*kinds):
            name = node.text
            if name not in members[sort] or name in _BEHIND or is_member(node):
                continue
            if not _is_bound(syntax, node, sort):
                yield _Use(name, _item(node).start)


def _is_bound(syntax: Syntax, node: Node, sort: str) -> bool:
    if sort == "value" and node.kind == "value_path":
        return lookup(syntax, node.text, node.start) is not None
    visible = [_plain(name) for name in names_of(in_scope(syntax, node.start), *_KINDS[sort])]
    return node.text in visible


def _item(node: Node) -> Node:
    return next((n for n in (node, *node.ancestors()) if n.parent is None or n.parent.parent is None), node)


def _others(problem: Problem, module: str) -> tuple[int, int]:
    """How many other files open the module, and how many call its members by its name."""
    opening, qualifying = 0, 0
    opens = re.compile(rf"^open!?\s+(?:[A-Z]\w*\.)*{module}\s*$", re.MULTILINE)
    named = re.compile(_NAMED.format(module))
    paths = [p for p in problem.view.paths() if p.endswith(".ml") and p != problem.diagnostic.path]
    for path in paths[:_FILES_AT_MOST]:
        text = text_of(problem.view, path) or ""
        is_open = opens.search(text) is not None
        opening += is_open
        qualifying += not is_open and named.search(text) is not None
    return opening, qualifying
