"""How code lies on its lines: taking a definition out whole, putting one in where it belongs."""

import re
from collections.abc import Iterable

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.syntax import Node, Syntax

_PURE_LEAVES = frozenset(
    {
        "number", "signed_number", "string", "quoted_string", "character", "boolean", "unit", "tag", "empty_list",
        "value_path", "constructor_path", "fun_expression", "function_expression", "field_get_expression",
    }
)  # fmt: skip
_PURE_AROUND = frozenset(
    {
        "parenthesized_expression", "tuple_expression", "list_expression", "array_expression", "record_expression",
        "cons_expression", "field_expression",
    }
)  # fmt: skip
_READS = re.compile(
    r"(?:Stdlib\.)?(?:(?:Sys\.(?:time|getenv_opt)|Unix\.(?:time|gettimeofday)|Option\.(?:is_some|is_none|value)|not|fst|snd|ref"
    r"|abs|min|max|sqrt|floor|ceil|truncate|float|(?:int|float|string|bool)_of_(?:int|float|bool)|Printf\.sprintf"
    r"|List\.(?:length|rev|mem|assoc_opt|mem_assoc|concat|append|flatten|is_empty)|Array\.(?:length|copy|of_list|to_list)"
    r"|String\.(?:length|trim|\w+case_ascii|capitalize_ascii|concat|split_on_char|equal|compare|starts_with|ends_with)"
    r"|Hashtbl\.(?:length|mem|find_opt|hash)|(?:Hashtbl|Queue|Stack|Buffer|Mutex|Condition)\.create|Atomic\.make|Str\.regexp"
    r"|(?:Int|Float|Bool|Char)\.(?:of_\w+|to_\w+|equal|compare|abs|min|max|code)))"
)
_ALIAS = re.compile(r"module\s+\w+\s*=\s*[\w.]+")
_NO_EXPRESSION = frozenset({"field_path", "attribute"})
_PURE_OPERATORS = frozenset({"+", "-", "*", "+.", "-.", "*.", "/.", "^", "@", "^^", "&&", "||"})


def newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def line_end(text: str, offset: int) -> int:
    """Behind the line break that ends the line of `offset`."""
    found = text.find("\n", offset)
    return len(text) if found < 0 else found + 1


def column(text: str, offset: int) -> int:
    return offset - line_start(text, offset)


def indent(text: str, offset: int) -> str:
    """The spaces that the line of `offset` starts with."""
    return text[(start := line_start(text, offset)) : start + len(text[start:]) - len(text[start:].lstrip(" \t"))]


def starts_line(text: str, offset: int) -> bool:
    return not text[line_start(text, offset) : offset].strip()


def ends_line(text: str, offset: int) -> bool:
    return not text[offset : line_end(text, offset)].strip()


def take_out(text: str, start: int, end: int) -> TextEdit:
    """Removes `[start, end)`, with its lines where nothing else is on them; of empty lines or spaces that meet, one
    stays."""
    if not (starts_line(text, start) and ends_line(text, end)):
        if ends_line(text, end):
            start = len(text[:start].rstrip(" \t"))
        elif text[:start].endswith((" ", "\t")):
            end += len(text[end:]) - len(text[end:].lstrip(" \t"))
        return TextEdit(start, end, "")
    start, end = line_start(text, start), line_end(text, end)
    if start == 0 or not text[line_start(text, start - 1) : start].strip():
        while end < len(text) and not text[end : line_end(text, end)].strip():
            end = line_end(text, end)
    if end == len(text):
        while start > 0 and not text[line_start(text, start - 1) : start].strip():
            start = line_start(text, start - 1)
    return TextEdit(start, end, "")


def taken_out_together(text: str, removals: Iterable[TextEdit]) -> list[TextEdit]:
    """Those of neighbours overlap where both take the empty lines between them: they are one then."""
    made: list[TextEdit] = []
    for one in sorted(removals, key=lambda edit: edit.start):
        while made and one.start < made[-1].end:
            before = made.pop()
            one = take_out(text, min(before.start, one.start), max(before.end, one.end))
        made.append(one)
    return made


def with_comment_above(node: Node) -> int:
    """Where the node starts, with the comments that stand right above it, no empty line between."""
    start = node.start
    siblings = node.parent.children if node.parent else ()
    for before in reversed([sibling for sibling in siblings if sibling.end <= node.start]):
        gap = node.syntax.text[before.end : start]
        if before.kind != "comment" or gap.count("\n") != 1 or not starts_line(node.syntax.text, before.start):
            break
        start = before.start
    return start


def below_opens(syntax: Syntax, text: str, *, aliases: bool = False) -> TextEdit:
    """Puts an item behind those at the top that open modules, or are `aliases` of some; else in front of the first."""
    line, last = newline(syntax.text), None
    items = [node for node in syntax.root.named_children if node.kind != "comment"] if syntax.root else []
    for item in items:
        if item.kind != "open_module" and not (aliases and _ALIAS.fullmatch(item.text)):
            break
        last = item
    if last is None:
        at = with_comment_above(items[0]) if items else 0
        return TextEdit(at, at, f"{text}{line}{line}")
    gap = line * (2 if aliases and last.kind == "open_module" else 1)
    return TextEdit(last.end, last.end, f"{gap}{text}")


def is_pure(node: Node | None) -> bool:
    """Whether an expression surely does nothing but have a value. What applies a function may do anything."""
    if node is None:
        return False
    if node.kind in _PURE_LEAVES:
        return True
    if node.kind in _PURE_AROUND:
        return all(is_pure(child) for child in node.named_children if child.kind not in _NO_EXPRESSION)
    if node.kind == "application_expression":
        function = node.field("function")
        built = function is not None and (function.kind == "constructor_path" or _READS.fullmatch(function.text))
        return bool(built) and all(is_pure(argument) for argument in node.fields("argument"))
    if node.kind == "infix_expression":
        operator = node.field("operator")
        known = operator is not None and operator.text in _PURE_OPERATORS
        return known and is_pure(node.field("left")) and is_pure(node.field("right"))
    return False
