"""What an interface and its implementation disagree about because one of them was not brought along.

val length in the .mli, `size` alone in the .ml          it is called `length`
val feet in the .mli, which nobody uses                  it goes (a guess)
exception Locked, raised with a text                     exception Locked of string, as the .mli says
type t in the .ml alone, used in the .mli                type t, in the .mli as well
type t in the .mli, used as 'a t                         type 'a t, as the .ml says
"""

import posixpath
import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages, syntax
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.syntax import Item, Syntax
from lsp_aid.repair import interface_types as types
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import newline, take_out, with_comment_above
from lsp_aid.repair.places import text_of
from lsp_aid.repair.unbound_elsewhere import asked_for

_FILES_AT_MOST = 2000
_TAKES = re.compile(
    r"^The type constructor [\"`]?([\w'.]+)[\"']? expects (\d+) argument\(s\), but is here applied to (\d+)"
)


async def candidates(problem: Problem) -> Sequence[Candidate]:
    path = problem.diagnostic.path
    stem = posixpath.splitext(path)[0]
    implementation, interface = text_of(problem.view, f"{stem}.ml"), text_of(problem.view, f"{stem}.mli")
    if implementation is None or interface is None:
        return ()
    ml, mli = syntax.parse(implementation, f"{stem}.ml"), syntax.parse(interface, f"{stem}.mli")
    message = messages.read(problem.diagnostic)
    match message:
        case messages.SignatureMismatch() if message.interface:
            lacking = [e for e in message.entries if isinstance(e, messages.NotProvided) and e.sort == "value"]
            missing = [e.name for e in lacking if not e.within]
            return [*_renamed(problem, ml, mli, missing), *_taken_out(problem, ml, mli, missing)]
        case messages.ConstructorArity():
            return list(_exception(problem, ml, mli, message))
        case messages.UnboundName(sort="type constructor") if path == mli.path and not message.qualifier:
            return list(_type(problem, ml, mli, message.name))
    return list(_parameters(problem, ml, mli))


def _values(tree: Syntax) -> dict[str, Item]:
    return {item.name: item for item in tree.items if item.kind in ("value", "external")}


def _renamed(problem: Problem, ml: Syntax, mli: Syntax, missing: Sequence[str]) -> Iterator[Candidate]:
    """The only value that the interface does not have, where one is missing and both take as much."""
    promised, defined = _values(mli), _values(ml)
    extra = [name for name in defined if name not in promised]
    fitting = _fitting(extra, defined, promised.get(missing[0])) if len(missing) == 1 else []
    if len(fitting) == 1:
        name, old = missing[0], defined[fitting[0]]
        edits = [
            TextEdit(node.start, node.end, name)
            for node in ml.walk("value_name", "value_pattern")
            if node.text == old.name and not node.named_children
        ]
        asked = asked_for(problem, module_of(ml.path))
        named = promised[name].node.child("value_name")
        if named is not None and old.name in asked and name not in asked:
            edit = TextEdit(named.start, named.end, old.name)
            title = f"Rename `{name}` to `{old.name}` in the interface, as others call it"
            yield Candidate(title, problem.edit(edit, path=mli.path), 0.9)
        title = f"Rename `{old.name}` to `{name}`, as the interface has it"
        yield Candidate(title, problem.edit(*edits, path=ml.path), 0.3 if old.name in asked else 0.7)


def _fitting(extra: Sequence[str], defined: dict[str, Item], promised: Item | None) -> list[str]:
    """The values that take as much as the interface says, as far as that is written."""
    type_ = promised.node.field("type") if promised is not None else None
    if type_ is None:
        return []
    takes = len(types.pieces(type_)) - 1
    return [n for n in extra if sum(c.kind == "parameter" for c in defined[n].node.named_children) == takes]


def _taken_out(problem: Problem, ml: Syntax, mli: Syntax, missing: Sequence[str]) -> Iterator[Candidate]:
    """What is nowhere defined and nowhere used: it was removed, and forgotten here."""
    promised, module = _values(mli), module_of(mli.path)
    found = [name for name in missing if name in promised and not _is_used(problem, module, name, ml.path)]
    if not missing or len(found) != len(missing) or len(missing) == len(promised):
        return
    edits = [take_out(mli.text, with_comment_above(promised[n].definition), promised[n].definition.end) for n in found]
    shown = ", ".join(f"`{name}`" for name in found)
    change = problem.edit(*edits, path=mli.path)
    yield Candidate(f"Take {shown} out of the interface: nothing defines or uses it", change, 0.5, Kind.GUESS)


def _is_used(problem: Problem, module: str, name: str, own: str) -> bool:
    pattern = re.compile(rf"\b{re.escape(name)}\b")
    for path in [p for p in problem.view.paths() if p.endswith((".ml", ".mll", ".mly"))][:_FILES_AT_MOST]:
        text = text_of(problem.view, path) or ""
        if path != own and module in text and pattern.search(text):
            return True
    return False


def _exception(problem: Problem, ml: Syntax, mli: Syntax, message: messages.ConstructorArity) -> Iterator[Candidate]:
    """An exception that the interface has as it is used here."""
    ours, theirs = ({i.name: i for i in tree.items if i.kind == "exception"} for tree in (ml, mli))
    name = message.constructor
    if name in ours and name in theirs and problem.diagnostic.path == ml.path:
        old, new = ours[name].definition, theirs[name].definition
        change = problem.edit(TextEdit(old.start, old.end, new.text))
        if change:
            yield Candidate(f"Declare the exception `{name}` as the interface does", change, 0.9)


def _type(problem: Problem, ml: Syntax, mli: Syntax, name: str) -> Iterator[Candidate]:
    """A type that the interface uses and only the implementation declares: abstract, or as it is."""
    item = next((i for i in ml.items if i.kind == "type" and i.name == name), None)
    named = item.node.child("type_constructor") if item is not None else None
    first = next((i for i in mli.items if i.end > problem.start), None)
    if item is None or named is None or first is None:
        return
    at = with_comment_above(first.definition)
    line = newline(mli.text)
    parameters = item.node.text[: named.start - item.node.start]
    body = item.node.field("body")
    is_shown = body is not None and body.kind in ("variant_declaration", "record_declaration")
    whole = item.definition.text if item.node.parent == item.definition else f"type {item.node.text}"
    ways = [(f"type {parameters}{name}", f"Declare the type `{name}` in the interface, without what it is", 0.85)]
    ways.append((whole, f"Declare the type `{name}` in the interface, as the implementation does", 0.75))
    for text, title, weight in ways:
        chosen = weight + (0.2 if is_shown and text is whole and _is_taken_apart(problem, ml, item) else 0.0)
        yield Candidate(title, problem.edit(TextEdit(at, at, text + line * 2)), min(0.95, chosen))


def _is_taken_apart(problem: Problem, ml: Syntax, item: Item) -> bool:
    """Whether other files name a constructor of the type, or a field."""
    module = module_of(ml.path)
    names = [i.name for i in ml.items if i.owner == item.name]
    return any(_is_used(problem, module, name, ml.path) for name in names)


def _parameters(problem: Problem, ml: Syntax, mli: Syntax) -> Iterator[Candidate]:
    """A type that one file declares without the parameters that the other one has."""
    said = _TAKES.match(problem.diagnostic.flat_message)
    tree = mli if problem.diagnostic.path == mli.path else ml
    other = ml if tree is mli else mli
    if said is None or said[2] == said[3]:
        return
    ours, theirs = (
        next((i for i in one.items if i.kind == "type" and i.name == said[1]), None) for one in (tree, other)
    )
    if ours is None or theirs is None:
        return
    named = ours.node.child("type_constructor")
    other_name = theirs.node.child("type_constructor")
    if named is not None and other_name is not None:
        head = theirs.node.text[: other_name.start - theirs.node.start]
        if head.strip():
            edit = TextEdit(ours.node.start, named.start, head)
            title = f"Declare the type `{head.strip()} {said[1]}`, as the other file does"
            yield Candidate(title, problem.edit(edit), 0.9)
