"""Variables and functions that nothing uses since a call lacks them.

    let start t = ignore (Thread.create loop)          let start t = ignore (Thread.create loop t)
    let run ~verbose f = process f                     let run ~verbose f = process ~verbose f
    let main () = ...                                  let () = main ()

A call lacks what it is not given and takes: as its next argument, or by a label of that name.
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_stanzas, messages
from lsp_aid.ocaml.syntax import Item, Node, Syntax
from lsp_aid.repair import places
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import bare, item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.forgotten import Unused, unused_at
from lsp_aid.repair.layout import newline
from lsp_aid.repair.type_shapes import Type, parameters, unified

_MOST_CALLS = 8
_STARTS = ("main", "run", "start", "program", "entry", "entry_point", "cli", "go", "tests", "run_tests", "suite")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.UnusedName) or message.sort not in ("variable", "value"):
        return []
    tree = places.tree(problem)
    if tree is None:
        return []
    item = next((i for i in tree.items if i.kind == "value" and i.name == message.name), None)
    if message.sort == "value" and item is not None:
        return list(_program(problem, tree, item))
    unused = unused_at(problem, tree, message.name)
    asked = await AskedTypes.of(problem) if unused is not None else None
    return await _arguments(problem, asked, unused) if unused is not None and asked is not None else []


# --- arguments ---


async def _arguments(problem: Problem, asked: AskedTypes, unused: Unused) -> list[Candidate]:
    found: list[Candidate] = []
    calls = [call for call in unused.scope.walk("application_expression") if call.start > unused.node.end]
    for call in calls[:_MOST_CALLS]:
        function = call.field("function")
        if function is None or function.kind != "value_path":
            continue
        texts = [function.text, call.text, unused.name]
        wanted, (takes, gives, own) = await asked.of_parts(item_around(call), (call.start, call.end), texts)
        if takes is not None:
            found += _by_label(problem, unused, call, function, takes)
        if gives is not None and gives.head == "->" and not gives.label:
            found += _as_next(problem, unused, call, gives, own, wanted)
    return found


def _by_label(problem: Problem, unused: Unused, call: Node, function: Node, takes: Type) -> Iterator[Candidate]:
    """An optional argument of the very name, which is not given."""
    given = {bare(argument)[0][1:] for argument in call.fields("argument")}
    name = unused.name
    if name not in given and any(taken.label == f"?{name}" for taken in parameters(takes)[0]):
        text = unused.binding.text
        sign = "?" if text.startswith(f"?{name}") and unused.binding.field("default") is None else "~"
        edit = TextEdit(function.end, function.end, f" {sign}{name}")
        yield Candidate(f"Give `{name}` to `{function.text}`", problem.edit(edit), 0.93)


def _as_next(
    problem: Problem, unused: Unused, call: Node, gives: Type, own: Type | None, wanted: Type | None
) -> Iterator[Candidate]:
    if own is not None and unified(gives.parts[0], own, {}) is None:
        return
    is_dropped = wanted is None or wanted.is_variable  # by `ignore`
    is_known = own is not None and not own.is_variable and not gives.parts[0].is_variable
    edit = TextEdit(call.end, call.end, f" {unused.name}")
    title = f"Give `{unused.name}` to `{_short(call.text)}`, which waits for it"
    yield Candidate(title, problem.edit(edit), 0.9 if is_dropped or is_known else 0.82)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else f"{text[:37]}..."


# --- the start of a program ---


def _program(problem: Problem, tree: Syntax, item: Item) -> Iterator[Candidate]:
    """The last definition of a program that does nothing."""
    definitions = [node for node in tree.root.named_children if not node.kind.startswith("open")] if tree.root else []
    is_last = bool(definitions) and definitions[-1] == item.definition
    if item.name not in _STARTS and not is_last:
        return
    if not _is_program(problem) or any(_acts(node) for node in definitions) or item.node.field("body") is None:
        return
    takes = [child for child in item.node.named_children if child.kind == "parameter"]
    text = tree.text
    weight = 0.93 if item.name in _STARTS else 0.78
    for start in _starts(item.name, takes, text):
        gap = newline(text)
        end = len(text.rstrip())
        edit = TextEdit(end, end, f"{gap}{gap}let () = {start}" + ("" if text[end:] else gap))
        yield Candidate(f"Start the program: `let () = {start}`", problem.edit(edit), weight)
        weight -= 0.03


def _starts(name: str, takes: Sequence[Node], text: str) -> Iterator[str]:
    if not takes:
        if "Cmdliner" in text or re.search(r"\bCmd\.", text):
            yield f"exit (Cmd.eval {name})" if "open Cmdliner" in text else f"exit (Cmdliner.Cmd.eval {name})"
        return
    if len(takes) == 1 and not takes[0].text.startswith(("~", "?")):
        call = f"{name} ()" if takes[0].text in ("()", "_") else f"{name} Sys.argv"
        if "Lwt" in text:
            yield f"Lwt_main.run ({call})"
        yield call
        yield f"exit ({call})"


def _acts(node: Node) -> bool:
    """Whether something at top level is done, and not only defined."""
    if node.kind == "value_definition":
        patterns = [binding.field("pattern") for binding in node.named_children if binding.kind == "let_binding"]
        return any(pattern is None or pattern.text in ("()", "_") for pattern in patterns)
    return node.kind == "expression_item"


def _is_program(problem: Problem) -> bool:
    """Whether the file is the main module of an executable or a test."""
    path = problem.diagnostic.path
    stanza = dune_stanzas.owner(path, places.stanzas_of(problem))
    names = [dune_stanzas.module_of(name) for name in stanza.names] if stanza is not None else []
    return stanza is not None and stanza.kind != "library" and dune_stanzas.module_of(path) in names
