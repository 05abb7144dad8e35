"""What is there and not used: opens, `rec`, names, definitions, constructors, fields and cases that never match.

Nothing that computes is dropped where the name alone can be marked, and a definition that another module asks for is
left to the repair that exports it. The least destructive, most usual way comes first.
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Item, Node, Syntax
from lsp_aid.repair import places
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import is_pure, take_out, taken_out_together, with_comment_above
from lsp_aid.repair.unbound_elsewhere import wanted_elsewhere
from lsp_aid.repair.unused_cases import redundant, without_constructor
from lsp_aid.repair.unused_variable import variable

_DEFINED = {"value": "value", "type": "type", "exception": "exception", "module": "module"}
_WORK = 3  # lines; what is shorter is written again in a moment
_NAMED = {"value": ("value_name",), "exception": ("constructor_name",), "module": ("module_name",)}
_IS_KEPT = re.compile(
    r"\b(?:TODO|not (?:yet )?used|unused|(?:for )?later|not yet|will be|soon|to debug|debugging)\b",
    re.IGNORECASE,
)


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    match message:
        case messages.UnusedOpen() | messages.UnusedRec() | messages.RedundantCase() | messages.UnusedName():
            tree = places.tree(problem)
        case _:
            return []
    if tree is None:
        return []
    match message:
        case messages.UnusedOpen():
            return list(_open(problem, tree))
        case messages.UnusedRec():
            return list(_rec(problem, tree))
        case messages.RedundantCase():
            return list(redundant(problem, tree))
        case messages.UnusedName(sort="variable" | "for-loop index"):
            return list(variable(problem, tree, message.name))
        case messages.UnusedName(sort="constructor"):
            return list(_constructor(problem, tree, message.name))
        case messages.UnusedName(sort="extension constructor"):
            return list(_extension(problem, tree, message.name))
        case messages.UnusedName(sort="record field"):
            return list(_field(problem, tree, message))
        case messages.UnusedName() if message.sort in _DEFINED:
            return list(_definition(problem, tree, message))
    return []


def _open(problem: Problem, tree: Syntax) -> Iterator[Candidate]:
    at = tree.node_at(problem.start, problem.end)
    node = next((n for n in (at, *at.ancestors()) if n.kind in _OPENS), None) if at else None
    if node is None:
        return
    opened = " ".join(node.named_children[0].text.split())
    if node.kind.startswith("local_open"):
        dot = node.child(".")
        if dot:
            yield Candidate(f"Remove the unused `{opened}.`", problem.edit(TextEdit(node.start, dot.end, "")), 0.95)
        return
    around = node.parent
    if around and around.kind == "let_expression" and (body := around.field("body")):
        title = f"Remove the unused `let open {opened} in`"
        yield Candidate(title, problem.edit(TextEdit(around.start, body.start, "")), 0.95)
        return
    yield Candidate(f"Remove the unused `open {opened}`", problem.edit(take_out(tree.text, node.start, node.end)), 0.95)


_OPENS = (
    "open_module", "open_module_signature", "local_open_expression", "local_open_pattern", "local_open_type",
)  # fmt: skip


def _rec(problem: Problem, tree: Syntax) -> Iterator[Candidate]:
    node = tree.enclosing(problem.start, "value_definition")
    keyword = node.child("rec") if node else None
    if node is None or keyword is None:
        return
    following = next(child for child in node.children if child.start >= keyword.end)
    yield Candidate("Remove the unused `rec`", problem.edit(TextEdit(keyword.start, following.start, "")), 0.95)


# --- definitions ---


def _definition(problem: Problem, tree: Syntax, message: messages.UnusedName) -> Iterator[Candidate]:
    item = _item(tree, problem.start, message.name, message.sort)
    if item is None and message.sort == "value":
        yield from _local(problem, tree, message.name)
    if item is None or wanted_elsewhere(problem, item.path):
        return
    yield from _module_around(problem, tree, item)
    removal = _without(tree, item)
    pure = _is_idle(item)
    # A value that nothing uses yet may have been written a minute ago: where that was work, what keeps it comes before
    # what deletes it. What has helpers of its own was finished, and used, once.
    if item.kind == "value" and item.name[0].isalpha() and tree.is_interface is False:
        title = f"Mark `{item.name}` as unused: `_{item.name}`"
        yield Candidate(title, problem.edit(*_renamed(item, "value_name", item.name)), 0.75)
    if removal:
        title = f"Remove the unused {item.kind} `{item.name}`"
        is_kept = _IS_KEPT.search(tree.text, with_comment_above(item.definition), item.definition.start) is not None
        short = item.kind == "value" and item.node.text.count("\n") < _WORK
        yield Candidate(title, problem.edit(removal), 0.3 if not pure else 0.8 if short and not is_kept else 0.6)
        helpers = _helpers(problem, tree, item) if pure and not is_kept and item.kind == "value" else []
        if helpers:
            names = " and ".join(f"`{helper.name}`" for helper in helpers)
            edits = [removal, *(edit for helper in helpers if (edit := _without(tree, helper)) is not None)]
            change = problem.edit(*taken_out_together(tree.text, edits))
            yield Candidate(f"{title}, and {names}, which it alone uses", change, 0.81)


def _helpers(problem: Problem, tree: Syntax, item: Item) -> list[Item]:
    """The definitions of the file that are for this one alone."""
    interface = places.text_of(problem.view, f"{problem.diagnostic.path}i") or ""
    promised = set(re.findall(r"[\w']+", interface))
    gone = [item]
    for other in reversed([one for one in tree.items if one.kind in _NAMED and not one.within]):
        uses = [node for node in tree.walk(*_NAMED[other.kind]) if node.text == other.name]
        uses = [use for use in uses if not other.start <= use.start < other.end]
        for_it = uses and all(any(one.start <= use.start < one.end for one in gone) for use in uses)
        if for_it and other.name not in promised and _is_idle(other) and _without(tree, other) is not None:
            gone.append(other)
    return gone[1:]


def _is_idle(item: Item) -> bool:
    """Whether a definition does nothing by itself."""
    return item.kind != "value" or item.node.child("parameter") is not None or is_pure(item.node.field("body"))


def _module_around(problem: Problem, tree: Syntax, item: Item) -> Iterator[Candidate]:
    """The module that it is in, where nothing in that is used and nothing names it."""
    module = next((i for i in tree.items if i.kind == "module" and i.start <= item.start and item.end <= i.end), None)
    if module is None or module.start == item.start:
        return
    unused = set()
    for other in problem.errors:
        message = messages.read(other) if other.path == problem.diagnostic.path else None
        if isinstance(message, messages.UnusedName):
            unused.add(problem.source.offset(other.range.start))
    inside = [i for i in tree.declared if len(i.within) == 1 and module.start < i.start and i.end <= module.end]
    names = [node for node in tree.walk("module_name") if node.text == module.name]
    all_unused = all(any(i.start <= place < i.end for place in unused) for i in inside)
    if inside and all_unused and len(names) == 1 and module.definition.parent == tree.root:
        edit = take_out(tree.text, with_comment_above(module.definition), module.end)
        yield Candidate(f"Remove the unused module `{module.name}`", problem.edit(edit), 0.85)


def _local(problem: Problem, tree: Syntax, name: str) -> Iterator[Candidate]:
    """A value of a module that is local to an expression."""
    at = tree.node_at(problem.start, problem.end)
    if at is not None and at.kind == "value_name" and at.text == name and name[0].isalpha():
        change = problem.edit(TextEdit(at.start, at.start, "_"))
        yield Candidate(f"Mark `{name}` as unused: `_{name}`", change, 0.75)


def _item(tree: Syntax, offset: int, name: str, kind: str) -> Item | None:
    around = [i for i in tree.declared if i.name == name and i.kind == kind and i.node.start <= offset < i.node.end]
    around += [i for i in tree.declared if i.name == name and i.kind == kind and i.start <= offset < i.end]
    return around[0] if around else None


def _without(tree: Syntax, item: Item) -> TextEdit | None:
    """Takes out the definition; of several that `and` joins, its part alone. None where it defines other names too."""
    beside = [other for other in tree.declared if other.node == item.node and not other.owner]
    if len(beside) > 1:
        return None
    parts = [child for child in item.definition.named_children if child.kind == item.node.kind]
    if item.node not in parts or len(parts) == 1:
        return take_out(tree.text, with_comment_above(item.definition), item.end)
    place = parts.index(item.node)
    if place == 0:
        return TextEdit(item.node.start, parts[1].start, "")
    return take_out(tree.text, _keyword_before(item.node), item.node.end)


def _keyword_before(part: Node) -> int:
    assert part.parent is not None  # a part stands in its definition
    return max(child.start for child in part.parent.children if child.kind == "and" and child.end <= part.start)


def _renamed(item: Item, kind: str, name: str) -> Iterator[TextEdit]:
    """Puts `_` before the name, in its definition and where that uses it itself."""
    for node in item.definition.walk(kind):
        if node.text == name and not item.node.syntax.text[: node.start].rstrip().endswith("."):
            yield TextEdit(node.start, node.start, "_")


# --- parts of types ---


def _constructor(problem: Problem, tree: Syntax, name: str) -> Iterator[Candidate]:
    part = _part(tree, problem.start, "constructor_declaration", name)
    if part is None or part.parent is None:
        return
    owner = part.enclosing("type_definition", "exception_definition")
    item = next((i for i in tree.declared if i.node == part.enclosing("type_binding") and i.kind == "type"), None)
    if item and owner and _is_unused(problem, item):
        # The type goes with all its constructors: the same change as for the type itself.
        if removal := _without(tree, item):
            yield Candidate(f"Remove the unused type `{item.name}`", problem.edit(removal), 0.75)
        return
    others = [child for child in part.parent.named_children if child.kind == part.kind]
    if part.parent.kind != "variant_declaration" or len(others) < 2:
        return
    place = others.index(part)
    bars = [child for child in part.parent.children if child.kind == "|"]
    before = [bar for bar in bars if bar.end <= part.start]
    if before and place > 0:
        start = part.syntax.text.rfind(others[place - 1].text, 0, before[-1].start) + len(others[place - 1].text)
        edit = TextEdit(start, part.end, "")
    else:
        edit = TextEdit(part.start, others[1].start, "")
    uses = without_constructor(tree, name)
    title = f"Remove the unused constructor `{name}`"
    if uses:
        yield Candidate(f"{title}, with its cases", problem.edit(edit, *uses), 0.6)
    elif uses is not None:
        yield Candidate(title, problem.edit(edit), 0.5)


def _extension(problem: Problem, tree: Syntax, name: str) -> Iterator[Candidate]:
    """`type t += C`, whole where it adds that one alone."""
    at = tree.node_at(problem.start, problem.end)
    within = (at, *at.ancestors()) if at is not None else ()
    definition = next((node for node in within if node.kind in ("type_definition", "exception_definition")), None)
    parts = list(definition.walk("constructor_declaration")) if definition is not None else []
    if definition is not None and len(parts) == 1:
        edit = take_out(tree.text, with_comment_above(definition), definition.end)
        yield Candidate(f"Remove the unused constructor `{name}`", problem.edit(edit), 0.75)
    elif part := next((part for part in parts if part.start <= problem.start < part.end), None):
        bar = tree.text.rfind("|", 0, part.start) if parts[0] != part else part.start
        end = part.end if parts[0] != part else parts[1].start
        yield Candidate(f"Remove the unused constructor `{name}`", problem.edit(TextEdit(bar, end, "")), 0.75)


def _part(tree: Syntax, offset: int, kind: str, name: str) -> Node | None:
    found = (i.node for i in tree.declared if i.name == name and i.node.kind == kind)
    return next((node for node in found if node.start <= offset < node.end or offset <= node.start < offset + 4), None)


def _is_unused(problem: Problem, item: Item) -> bool:
    for other in problem.errors:
        if other.path == problem.diagnostic.path and messages.warning_number(other) == 34:
            message = messages.read(other)
            place = problem.source.offset(other.range.start)
            if isinstance(message, messages.UnusedName) and message.name == item.name:
                return item.start <= place < item.end
    return False


def _field(problem: Problem, tree: Syntax, message: messages.UnusedName) -> Iterator[Candidate]:
    part = _part(tree, problem.start, "field_declaration", message.name)
    if part is None:
        return
    mutable = part.child("mutable")
    if mutable and message.never == "never mutated":
        following = next(child for child in part.children if child.start >= mutable.end)
        change = problem.edit(TextEdit(mutable.start, following.start, ""))
        yield Candidate(f"Remove the unused `mutable` of `{message.name}`", change, 0.85)
        return
    names = [n for n in tree.walk("field_name") if n.text == message.name and _is_of_records(n)]
    if removal := list(_without_field(tree, part, message.name)):
        yield Candidate(f"Remove the unused field `{message.name}`", problem.edit(*removal), 0.5)
    title = f"Mark the field `{message.name}` as unused: `_{message.name}`"
    yield Candidate(title, problem.edit(*(_prefixed(name) for name in names)), 0.4)


def _without_field(tree: Syntax, part: Node, name: str) -> Iterator[TextEdit]:
    """Takes a field out of its type and of all records that are made; nothing where that is not all, or where the
    value that it gets may do something."""
    uses = [n for n in tree.walk("field_name") if n.text == name and not n.enclosing("type_definition")]
    made = [use.enclosing("field_expression") for use in uses]
    if any(field is None or not _can_go(field) for field in made) or not _can_go(part):
        return
    for field in (part, *made):
        if field is not None and field.parent is not None:
            yield _without_part(field, [child for child in field.parent.children if child.kind == field.kind])


def _can_go(field: Node) -> bool:
    beside = [child for child in field.parent.children if child.kind == field.kind] if field.parent else []
    body = field.field("body")
    return len(beside) > 1 and (body is None or is_pure(body))


def _without_part(part: Node, parts: Sequence[Node]) -> TextEdit:
    place = parts.index(part)
    if place + 1 < len(parts):
        return TextEdit(part.start, parts[place + 1].start, "")
    return TextEdit(parts[place - 1].end, part.end, "")


def _is_of_records(name: Node) -> bool:
    return name.parent is not None and name.parent.kind in ("field_declaration", "field_path")


def _prefixed(name: Node) -> TextEdit:
    """`_x` for `x`; a punned `x` becomes `_x = x`."""
    around = name.parent.parent if name.parent else None
    punned = around is not None and around.kind in ("field_expression", "field_pattern") and not around.child("=")
    return TextEdit(name.start, name.end, f"_{name.text} = {name.text}" if punned else f"_{name.text}")
