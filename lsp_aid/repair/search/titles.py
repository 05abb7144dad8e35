"""An edit in words, on one line."""

import re

from lsp_aid.repair.search.edit import Edit
from lsp_aid.repair.search.outlines import result_of

_LONGEST = 40
_OPERATOR = re.compile(r"^(\+\.?|-\.?|\*\.?|\*\*|/\.?|mod|\^|@|::|==?|!=|<>|&&|\|\||<=?|>=?|:=)>(\S+)$")
_OF = {
    "int": "an int",
    "float": "a float",
    "string": "a string",
    "list": "a list",
    "bool": "a bool",
    "tuple": "a tuple",
    "unit": "unit",
    "option": "an option",
    "function": "a function",
}


def title(edit: Edit) -> str:
    """What is done: ``these are floats, so `+.` and not `+` ``. Several edits are joined."""
    shown = list(dict.fromkeys(_one(part) for part in edit.parts or (edit,)))
    if len(shown) > 2:
        return f"{shown[0]}; {shown[1]}; and {len(shown) - 2} more"
    return "; ".join(shown)


def _one(edit: Edit) -> str:
    kind, before, after = edit.kind, _short(edit.node.text), _short(edit.after)
    operator = _OPERATOR.match(kind)
    if operator:
        return f"`{operator[2]}` joins {_plural(kind)}, so not `{operator[1]}`"
    if kind == "all float":
        return f"`{before}` is of floats: `{after}`"
    if kind == "all int":
        return f"`{before}` is of ints: `{after}`"
    if kind.startswith("wrap "):
        return f"`{before}` has to go through `{kind.removeprefix('wrap ')}`"
    if kind.startswith("drop ") and kind.endswith("argument"):
        return f"one argument too many: `{after}`"
    if kind.startswith(("add ", "apply to")):
        named = f" `{edit.added[0]}`" if len(edit.added) == 1 else ""
        return f"an argument{named} is missing: `{after}`"
    if kind == "swap arguments":
        return f"the arguments are the other way round: `{after}`"
    if kind == "rec":
        return f"it calls itself: `{after}`"
    if kind.startswith("else"):
        return f"the `else` is missing: `else {edit.added[0] if len(edit.added) == 1 else '...'}`"
    result = result_of(kind)
    if result in _OF:
        return f"{_OF[result]} is expected: `{after}` for `{before}`"
    return f"`{before}` is `{after}`" if after else f"`{before}` changes"


def _plural(kind: str) -> str:
    result = result_of(kind)
    return {"int": "ints", "float": "floats", "string": "strings", "list": "lists"}.get(result, "these")


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 4].rstrip()} ..."
