"""Modules that need each other, where one needs no more of the other than a constant, an exception or a type.

types.ml: make ?(priority = Job.default) ()     let default = 5, in types.ml
job.ml:   open Types, let default = 5           without it, and `Types.default` wherever `Job.default` stood

session.ml: now > Server.timeout                now > Settings.timeout
server.ml:  let timeout = Settings.timeout      where it stays

What takes arguments is not moved: where code belongs is for a person to say.
"""

import re
from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import literal_type, lookup
from lsp_aid.ocaml.syntax import Item, Node, Syntax, parse
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.interface_exports import item_of
from lsp_aid.repair.interface_places import inserted
from lsp_aid.repair.layout import is_pure, newline, take_out, with_comment_above
from lsp_aid.repair.module_cycles import neighbours, sources_of
from lsp_aid.repair.places import is_member, text_of

_FILES_AT_MOST = 400
_MOST = 3
_QUALIFIED = re.compile(r"[A-Z][\w']*(?:\.[A-Z][\w']*)*\.[a-z_][\w']*")
_KINDS = ("value", "exception", "type")
_NAMES = (
    "value_path",
    "constructor_path",
    "type_constructor_path",
    "field_path",
    "module_path",
    "extended_module_path",
)


@frozen
class _Move:
    """From the module `used`, in `there`, to the module `user`, in `here`."""

    user: str
    used: str
    here: Syntax
    there: Syntax
    items: tuple[Item, ...]

    @property
    def names(self) -> list[str]:
        """What is moved, with the constructors and fields of types."""
        types = {item.name for item in self.items if item.kind == "type"}
        parts = [i.name for i in self.there.declared if not i.within and i.owner in types]
        return [*(item.name for item in self.items), *parts]


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.DependencyCycle):
        return []
    pairs = neighbours(message)
    around = {module for pair in pairs for module in pair}
    moves = [
        move
        for user, used in pairs
        if (move := _move(problem, user, used)) is not None
        and not any(n.text in around - {user} for i in move.items for n in i.definition.walk("module_name"))
    ]
    found = [one for move in moves if (one := _from_the_source(problem, move, around)) is not None]
    moves = [move for move in moves if not _needs_what_follows(move)]
    for move in sorted(moves, key=lambda one: len(one.items)):
        changes = _changes(problem, move)
        if changes is not None:
            names = ", ".join(f"`{item.name}`" for item in move.items)
            title = f"Move {names} from `{move.used}` to `{move.user}`, which needs nothing else of it"
            found.append(Candidate(title, changes, 0.88 - 0.1 * len(found)))
    return found


def _move(problem: Problem, user: str, used: str) -> _Move | None:
    """What has to be moved so that `user` needs `used` no more; None where that is too much."""
    texts = {path: text_of(problem.view, path) for name in (user, used) for path in sources_of(problem, name)}
    ours, theirs = (next((p for p in sources_of(problem, n) if p.endswith(".ml")), None) for n in (user, used))
    if ours is None or theirs is None or any(text is None for text in texts.values()):
        return None
    here, there = parse(texts[ours] or "", ours), parse(texts[theirs] or "", theirs)
    mentions = [n for n in here.walk("module_name") if n.text == used and not is_member(n)]
    names = {_named(node) for node in mentions}
    interface = texts.get(f"{ours}i")
    if not mentions or None in names or (interface is not None and re.search(rf"\b{used}\b", interface)):
        return None
    found = [next((item for kind in _KINDS if (item := item_of(there, name or "", kind))), None) for name in names]
    owners = [
        next((i.owner for i in there.declared if i.name == name and i.owner and not i.within), "") for name in names
    ]
    items = {
        item.name: item
        for one, owner in zip(found, owners, strict=True)
        if (item := one or item_of(there, owner, "type")) is not None
    }
    if len(items) < 1 or any(one is None and not owner for one, owner in zip(found, owners, strict=True)):
        return None
    chosen = tuple(sorted(items.values(), key=lambda item: item.start))
    if len(chosen) > _MOST or not all(_stands_alone(item, there, chosen) for item in chosen):
        return None
    return _Move(user, used, here, there, chosen)


def _named(module: Node) -> str | None:
    """The `x` of `M.x`; None where the module stands otherwise."""
    behind = re.match(r"\.\s*([\w']+)(?![\w'.])", module.syntax.text[module.end :])
    return behind[1] if behind is not None else None


def _stands_alone(item: Item, there: Syntax, others: Sequence[Item]) -> bool:
    """Whether a definition takes no arguments and needs nothing of its module but what is moved as well."""
    if item.kind == "value" and not (item.node.child("parameter") is None and is_pure(item.node.field("body"))):
        return False
    if sum(1 for other in there.items if other.definition == item.definition) > 1:
        return False
    own = {i.name for i in there.declared if not i.within} - {other.name for other in others} - {item.name}
    own -= {i.name for i in there.declared if i.owner == item.name}
    return not any(path.text.partition(".")[0] in own for path in item.definition.walk(*_NAMES))


def _from_the_source(problem: Problem, move: _Move, around: set[str]) -> Candidate | None:
    """All that is needed is another module's, of which the module used only makes its own: that one is named."""
    bodies = {item.name: item.node.field("body") for item in move.items}
    paths = {name: body.text for name, body in bodies.items() if body is not None and _QUALIFIED.fullmatch(body.text)}
    if paths.keys() != bodies.keys() or any(path.partition(".")[0] in around for path in paths.values()):
        return None
    edits = []
    for node in move.here.walk("module_name"):
        if node.text == move.used and not is_member(node):
            name = _named(node) or ""
            if name not in paths:  # a constructor or a field of a type
                return None
            end = move.here.text.index(name, node.end) + len(name)
            edits.append(TextEdit(node.start, end, paths[name]))
    shown = ", ".join(f"`{path}`" for path in dict.fromkeys(paths.values()))
    title = f"Name {shown} itself, which `{move.used}` only has from there"
    return Candidate(title, problem.edit(*edits, path=move.here.path), 0.92)


# --- the change ---


def _changes(problem: Problem, move: _Move) -> ChangeSet | None:
    edits: dict[str, list[TextEdit]] = {
        move.here.path: [*_put_in(move), *_unqualified(move)],
        move.there.path: [*_taken_out(move), *_qualified(move)],
    }
    interfaces = {p: text_of(problem.view, p) for p in (f"{move.here.path}i", f"{move.there.path}i")}
    shown = interfaces[f"{move.here.path}i"]
    if shown is not None:
        text = _declared(move, interfaces[f"{move.there.path}i"], shown)
        if text is None:
            return None
        edits[f"{move.here.path}i"] = [text]
    hidden = interfaces[f"{move.there.path}i"]
    if hidden is not None:
        edits[f"{move.there.path}i"] = _hidden(move, parse(hidden, f"{move.there.path}i"))
    pattern = re.compile(
        rf"(?<![\w'.])((?:[A-Z][\w']*\.)?){move.used}(\.(?:{'|'.join(map(re.escape, move.names))}))(?![\w'])"
    )
    for path in [p for p in problem.view.paths() if p.endswith((".ml", ".mli", ".mll", ".mly"))][:_FILES_AT_MOST]:
        if path not in edits and (text_ := text_of(problem.view, path)) is not None:
            uses = [TextEdit(m.start(), m.end(), f"{m[1]}{move.user}{m[2]}") for m in pattern.finditer(text_)]
            if uses:
                edits[path] = uses
    before = {path: problem.view.read(path) for path in edits}
    return ChangeSet.of(FileChange(p, before[p], apply_text_edits(before[p], some)) for p, some in edits.items())


def _using(move: _Move) -> Node:
    """The item that first uses any of it."""
    first = next(n for n in move.here.walk("module_name") if n.text == move.used and not is_member(n))
    return next(n for n in (first, *first.ancestors()) if n.parent is None or n.parent.kind == "compilation_unit")


def _needs_what_follows(move: _Move) -> bool:
    """Whether it needs something of the module that is declared only where it is used itself."""
    later = {i.name for i in move.here.declared if i.end > _using(move).start}
    paths = [path.text for item in move.items for path in item.definition.walk(*_NAMES)]
    return any(path in later or path.removeprefix(f"{move.user}.") in later for path in paths)


def _put_in(move: _Move) -> Iterator[TextEdit]:
    """In front of the item that first uses any of it; what is qualified by this module is no more."""
    at = with_comment_above(_using(move))
    gap = newline(move.here.text) * 2
    for item in move.items:
        text = move.there.text[with_comment_above(item.definition) : item.end]
        yield TextEdit(at, at, re.sub(rf"\b{move.user}\.", "", text) + gap)


def _unqualified(move: _Move) -> Iterator[TextEdit]:
    for node in move.here.walk("module_name"):
        if node.text == move.used and not is_member(node):
            behind = re.match(r"\s*\.\s*", move.here.text[node.end :])
            yield TextEdit(node.start, node.end + (behind.end() if behind is not None else 0), "")


def _taken_out(move: _Move) -> Iterator[TextEdit]:
    for item in move.items:
        yield take_out(move.there.text, with_comment_above(item.definition), item.end)


def _qualified(move: _Move) -> Iterator[TextEdit]:
    """Uses in the module that had it, unless it opens the other before them."""
    parts = {"constructor": "constructor_path", "record field": "field_path", "exception": "constructor_path"}
    kinds = {"value": "value_path", "type": "type_constructor_path", **parts}
    inner = [
        i for i in move.there.declared if not i.within and i.owner in {m.name for m in move.items if m.kind == "type"}
    ]
    names = {(kinds.get(item.kind, ""), item.name) for item in (*move.items, *inner)}
    opens = [
        n.end for n in move.there.walk("open_module") if n.text.split()[-1] == move.user and n.parent == move.there.root
    ]
    for path in move.there.walk("value_path", "constructor_path", "type_constructor_path", "field_path"):
        inside = any(item.start <= path.start < item.end for item in move.items)
        if (path.kind, path.text) not in names or inside or any(end <= path.start for end in opens):
            continue
        binding = lookup(move.there, path.text, path.start) if path.kind == "value_path" else None
        is_moved = binding is None or any(item.start <= binding.node.start < item.end for item in move.items)
        if is_moved:
            yield TextEdit(path.start, path.start, f"{move.user}.")


def _declared(move: _Move, other: str | None, shown: str) -> TextEdit | None:
    """What the interface of the module that takes it says of it: what the other's said, or what a literal is."""
    tree = parse(shown, f"{move.here.path}i")
    theirs = parse(other, f"{move.there.path}i") if other is not None else None
    texts = []
    for item in move.items:
        said = item_of(theirs, item.name, item.kind) if theirs is not None else None
        body = item.node.field("body")
        type_ = literal_type(body) if body is not None and item.kind == "value" else ""
        if said is not None:
            start = with_comment_above(said.definition)
            texts.append(re.sub(rf"\b{move.user}\.", "", said.node.syntax.text[start : said.end]))
        elif item.kind != "value":
            texts.append(re.sub(rf"\b{move.user}\.", "", item.definition.text))
        elif type_:
            texts.append(f"val {item.name} : {type_}")
        else:
            return None
    first = next((i for i in tree.items if i.kind == "value"), None)
    if first is None:
        return inserted(tree, newline(shown).join(texts), move.items[0].name, move.here, move.items[0].kind)
    at = with_comment_above(first.definition)
    gap = newline(shown) * (1 if move.items[-1].kind == "value" and "*)" not in texts[-1] else 2)
    return TextEdit(at, at, newline(shown).join(texts) + gap)


def _hidden(move: _Move, tree: Syntax) -> list[TextEdit]:
    found = [item_of(tree, item.name, item.kind) for item in move.items]
    return [take_out(tree.text, with_comment_above(i.definition), i.end) for i in found if i is not None]
