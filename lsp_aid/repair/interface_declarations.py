"""Bringing one declaration of a type, or a module type, to the state of another, with what is documented in it kept."""

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.layout import line_end, line_start, newline, starts_line, take_out, with_comment_above

_PARTS = ("constructor_declaration", "field_declaration")


def brought_to(old: Node, new: Node) -> list[TextEdit]:
    """The edits that make `old` declare what `new` does: parts that it lacks are added, or else it is replaced."""
    if "(*" not in old.text:
        return [TextEdit(old.start, old.end, new.text)]
    return _extended(old, new) or [TextEdit(old.start, old.end, new.text)]


def _extended(old: Node, new: Node) -> list[TextEdit]:
    """The parts that are new, each behind the one that precedes it. Empty where more than that differs."""
    ours, theirs = list(old.walk(*_PARTS)), list(new.walk(*_PARTS))
    known = {_plain(part): part for part in ours}
    extra = [part for part in theirs if _plain(part) not in known]
    if not extra or len(extra) + len(ours) != len(theirs) or _plain(theirs[0]) not in known:
        return []
    edits: list[TextEdit] = []
    before = ours[0]
    for part in theirs:
        if _plain(part) in known:
            before = known[_plain(part)]
        else:
            edits += _behind(before, part)
    return edits


def _plain(part: Node) -> str:
    return " ".join(child.text for child in part.children if child.kind != "comment")


def _behind(before: Node, part: Node) -> list[TextEdit]:
    text = before.syntax.text
    siblings = before.parent.children if before.parent else ()
    following = [sibling for sibling in siblings if sibling.start >= before.end]
    end, edits = before.end, []
    is_field = part.kind == "field_declaration"
    if is_field and following and following[0].kind == ";":
        end = following[0].end
    elif is_field:
        edits.append(TextEdit(end, end, ";"))
    comment = next((s for s in following if s.kind == "comment" and s.start < line_end(text, end)), None)
    if comment is not None and comment.start >= end:
        end = comment.end
    bar = max((s.start for s in siblings if s.kind == "|" and s.end <= before.start), default=before.start)
    first = before.start if is_field else bar
    lead = newline(text) + text[line_start(text, first) : first] if starts_line(text, first) else " "
    written = part.text + ";" if is_field else f"| {part.text}"
    return [*edits, TextEdit(end, end, lead + written)]


def signature_brought_to(old: Node, new: Node) -> list[TextEdit]:
    """The edits that make one `sig ... end` the other: where the old one has comments, part by part."""
    if "(*" not in old.text or old.kind != "signature" or new.kind != "signature":
        return [TextEdit(old.start, old.end, new.text)]
    ours = {_declares(part): part for part in old.named_children}
    theirs = {_declares(part): part for part in new.named_children}
    text = old.syntax.text
    edits = [
        take_out(text, with_comment_above(part), part.end) for declared, part in ours.items() if declared not in theirs
    ]
    before: Node | None = None
    for declared, part in theirs.items():
        there = ours.get(declared)
        if there is not None:
            before = there
            edits += [TextEdit(there.start, there.end, part.text)] if _plain(there) != _plain(part) else []
            continue
        first = old.named_children[0] if old.named_children else None
        if before is not None:
            lead = newline(text) + text[line_start(text, before.start) : before.start]
            edits.append(
                TextEdit(before.end, before.end, (lead if starts_line(text, before.start) else " ") + part.text)
            )
        elif first is not None:
            at = with_comment_above(first)
            gap = newline(text) + text[line_start(text, at) : at] if starts_line(text, at) else " "
            edits.append(TextEdit(at, at, part.text + gap))
    return edits


def _declares(part: Node) -> tuple[str, str]:
    """The kind of a part of a signature, and what it declares."""
    kinds = ("value_name", "parenthesized_operator", "type_constructor", "module_name", "module_type_name")
    name = next(iter(part.walk(*kinds)), None)
    return part.kind, name.text if name is not None else part.text
