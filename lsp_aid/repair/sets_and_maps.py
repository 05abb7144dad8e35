"""Lists that are sets now, and association lists that are maps, wherever the file works on them.

List.mem name recipe.names            Names.mem name recipe.names
String.concat ", " recipe.names       String.concat ", " (Names.elements recipe.names)
List.assoc_opt x env, (x, t) :: env   Names.find_opt x env, Names.add x t env         of type t Names.t
fold_left (fun n (_, v) -> ...) 0 m   Names.fold (fun _ v n -> ...) m 0
([], []), name :: seen, seen = []     (Names.empty, []), Names.add name seen, Names.is_empty seen

All that the file does with the same field or variable is brought to it.
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.calls_in_code import ATOMS
from lsp_aid.repair.calls_of_sets import Collection, added, called
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.operands import clashing
from lsp_aid.repair.places import node_of, outside_parentheses, text_of, within_parentheses
from lsp_aid.repair.places import tree as tree_of
from lsp_aid.repair.type_shapes import Type, read

_LIKELY, _ALONE = 0.98, 0.9
_FILES_AT_MOST = 400
_LIST = r"\([^()\"]* \* [^\"]*\) list"
_MAP = r"(?:[^\"=]*\" = \")?[^\"]*? (?P<map>[A-Z][\w.']*)\.t"
_CLASH = re.compile(rf"\"{_LIST}\" is not compatible with type \"{_MAP}\"")
_TURNED = re.compile(rf"\"{_MAP}\" is not compatible with type \"{_LIST}\"")
_PLACES = ("field_get_expression", "value_path")
_ASSOCIATIONS = frozenset(("List.assoc_opt", "List.assoc", "List.mem_assoc", "List.remove_assoc"))


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    path = problem.diagnostic.path.removesuffix("i")
    if isinstance(message, messages.SignatureMismatch):
        said = _CLASH.search(problem.diagnostic.flat_message) or _TURNED.search(problem.diagnostic.flat_message)
        text = text_of(problem.view, path) if path.endswith(".ml") and said is not None else None
        if said is None or text is None:
            return ()
        return list(_of_associations(problem, ocaml_syntax.parse(text, path), Collection(said["map"], "Map"), ""))
    syntax = tree_of(problem) if isinstance(message, messages.TypeClash) else None
    node = node_of(problem, syntax) if syntax is not None else None
    if syntax is None or node is None or not isinstance(message, messages.TypeClash) or message.what == "pattern":
        return ()
    found = [read(message.found), read(message.found_as or message.found)]
    wanted = [read(message.expected), read(message.expected_as or message.expected)]
    for lists, others in ((wanted, found), (found, wanted)):
        collection = _collection(problem, lists[-1], others[-1]) or _collection(problem, lists[-1], others[0])
        if collection is None:
            continue
        place = within_parentheses(node)
        if lists is wanted:
            return [*_empty(problem, node, message, collection), *_brought(problem, syntax, place, collection)]
        name = place.text if place.text.isidentifier() else ""
        literal = [*_empty(problem, node, message, collection), *_literal(problem, place, collection)]
        related = _of_associations(problem, syntax, collection, name) if collection.is_map else ()
        return [*literal, *related]
    return ()


def _collection(problem: Problem, list_: Type, other: Type) -> Collection | None:
    """What a list stands against: a set or a map that the project makes, or what is like a map of a list of pairs."""
    module, _, name = other.head.replace("__", ".").rpartition(".")
    if list_.head.removeprefix("Stdlib.") != "list" or name != "t" or not module:
        return None
    functor = _functor(problem, module.rpartition(".")[2])
    is_of_pairs = bool(list_.parts) and list_.parts[0].head in ("*", "'a") and len(other.parts) == 1
    if (
        not functor
        and is_of_pairs
        and module.removeprefix("Stdlib.") not in (*("Seq", "Queue", "Stack", "Hashtbl", "Lazy", "Array", "Option"),)
    ):
        functor = "Map"
    return Collection(module, functor) if functor else None


def _functor(problem: Problem, module: str) -> str:
    """`Set` or `Map`, where the project makes the module by that; empty where it does not."""
    for path in [p for p in problem.view.paths() if p.endswith((".ml", ".mli"))][:_FILES_AT_MOST]:
        text = text_of(problem.view, path)
        if text is None or module not in text:
            continue
        for definition in ocaml_syntax.parse(text, path).walk("module_binding", "module_declaration"):
            words = " ".join(definition.text.split())
            for functor in ("Set", "Map"):
                if re.match(rf"(?:module )?{module} (?:= (?:Stdlib\.)?{functor}\.Make|: {functor}\.S)\b", words):
                    return functor
    return ""


# --- a list where a set or a map is wanted ---


def _empty(problem: Problem, node: Node, message: messages.TypeClash, collection: Collection) -> Iterator[Candidate]:
    """`seen = []`."""
    above = node.parent
    operator = above.field("operator") if above is not None and above.kind == "infix_expression" else None
    if above is None or operator is None or operator.text not in ("=", "<>") or node.kind != "empty_list":
        return
    for place, _, _ in list(clashing(node, message))[1:]:
        text = f"{collection.module}.is_empty {place.text if place.kind in ATOMS else f'({place.text})'}"
        text = f"not ({text})" if operator.text == "<>" else text
        yield Candidate(
            f"It is a {collection.kind}: `{text}`", problem.edit(TextEdit(above.start, above.end, text)), 0.96
        )


def _literal(problem: Problem, node: Node, collection: Collection) -> Iterator[Candidate]:
    """A list that is written down where a set or a map is wanted."""
    above = node.parent
    is_argument = above is not None and above.kind in ("application_expression", "labeled_argument")
    if node.kind == "cons_expression":
        edits = list(added(node, collection, ""))
        if edits:
            title = f"It is a {collection.kind} now: `{collection.module}.add`"
            yield Candidate(title, problem.edit(*edits), _LIKELY)
        return
    if node.kind not in ("list_expression", "empty_list"):
        return
    elements = node.named_children
    sole = within_parentheses(elements[0]) if len(elements) == 1 else None
    if node.text.strip("[] ") == "":
        text = f"{collection.module}.empty"
    elif sole is not None and not collection.is_map:
        text = f"{collection.module}.singleton {sole.text if sole.kind in ATOMS else f'({sole.text})'}"
        text = f"({text})" if is_argument else text
    else:
        text = f"{collection.module}.of_list {node.text}"
        text = f"({text})" if is_argument or collection.is_map else text
    title = f"It is a {collection.kind} now: `{text}`"
    yield Candidate(title, problem.edit(TextEdit(node.start, node.end, text)), 0.92)


def _of_associations(problem: Problem, tree: Syntax, collection: Collection, name: str) -> Iterator[Candidate]:
    """All that the file does with lists of pairs; with that of a name alone, where there is one."""
    edits = list(_associations(tree, collection, name))
    if edits:
        title = f"It is a map now: use `{collection.module}`" + (f" ({len(edits)} places)" if len(edits) > 1 else "")
        yield Candidate(title, problem.edit(*edits, path=tree.path), 0.9)


def _associations(tree: Syntax, collection: Collection, name: str) -> Iterator[TextEdit]:
    for node in tree.walk("application_expression", "cons_expression"):
        if node.kind == "cons_expression":
            yield from added(node, collection, name)
            continue
        function, given = node.field("function"), node.fields("argument")
        is_named = not name or (len(given) == 2 and given[1].text == name)
        if function is not None and function.text in _ASSOCIATIONS and given and is_named:
            yield from called(node, given[-1], collection)


# --- a set or a map where a list is wanted ---


def _brought(problem: Problem, syntax: Syntax, node: Node, collection: Collection) -> Iterator[Candidate]:
    """First all that is done with such a value; what takes a list otherwise gets the elements."""
    edits: list[TextEdit] = []
    here = list(_use(node, collection))
    often = 0
    if node.kind in _PLACES:
        binding = lookup(syntax, node.text, node.start)
        for other in syntax.walk(node.kind):
            if _called(other) != _called(node) or lookup(syntax, other.text, other.start) != binding:
                continue
            made = list(_use(other, collection))
            if made and not any(_overlap(edit, old) for edit in made for old in edits):
                often += 1
                edits += made
        if collection.is_map and node.text.isidentifier():
            more = _associations(syntax, collection, node.text)
            edits += [edit for edit in more if not any(_overlap(edit, old) for old in edits)]
    shown = _shown(node)
    if here:
        often_shown = f" ({often} times)" if often > 1 else ""
        title = f"`{shown}` is a {collection.kind}: `{_title(here)}`"
        yield Candidate(f"{title}{often_shown}", problem.edit(*(edits or here)), _LIKELY)
        if edits and edits != here:
            yield Candidate(title, problem.edit(*here), _ALONE)
        return
    outer = node.parent if node.parent is not None and node.parent.kind == "parenthesized_expression" else node
    text = node.text if node.kind in ATOMS else f"({node.text})"
    change = problem.edit(TextEdit(outer.start, outer.end, f"({collection.listed} {text})"))
    title = f"`{shown}` is a {collection.kind}: `{collection.listed}` gives a list"
    yield Candidate(title, change, _LIKELY if node.kind in _PLACES else _ALONE)


def _shown(node: Node) -> str:
    text = " ".join(node.text.split())
    return text if len(text) <= 30 else f"{text[:27]}..."


def _title(edits: Sequence[TextEdit]) -> str:
    return next((" ".join(edit.text.split()) for edit in edits if edit.text.strip("( )")), "")


def _overlap(one: TextEdit, other: TextEdit) -> bool:
    return one == other or (one.start < other.end and other.start < one.end)


def _called(node: Node) -> str:
    """The field, or the variable."""
    path = node.field("field") if node.kind == "field_get_expression" else node
    return path.text.rpartition(".")[2] if path is not None else ""


def _use(node: Node, collection: Collection) -> Iterator[TextEdit]:
    """What is done with a value, as the module does it: a call of a function of lists, through a pipe as well, or an
    element in front."""
    argument = outside_parentheses(node)
    above = argument.parent
    if above is None:
        return
    if above.kind == "cons_expression" and above.named_children[-1] == argument:
        yield from added(above, collection, "")
        return
    yield from called(above, argument, collection)
