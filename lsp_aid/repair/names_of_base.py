"""Functions of Base in a project that has only the standard library, all in the file at once.

Option.value_map o ~default:0 ~f     Option.fold o ~none:0 ~some:f
Int.of_string text                   int_of_string text
List.fold xs ~init:0 ~f:( + )        List.fold_left ( + ) 0 xs
"""

from collections.abc import Iterable, Mapping, Sequence

from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.calls_in_code import ATOMS, bare
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import file_of_module, tree

_LIKELY = 0.95
_NAMES: Mapping[str, str] = {
    "Option.value_exn": "Option.get",
    "Int.of_string": "int_of_string",
    "Int.of_string_opt": "int_of_string_opt",
    "Int.max_value": "Int.max_int",
    "Int.min_value": "Int.min_int",
    "Int.incr": "incr",
    "Int.decr": "decr",
    "Int.ascending": "Int.compare",
    "Float.round_up": "Float.ceil",
    "Float.round_down": "Float.floor",
    "Float.round_nearest": "Float.round",
    "Float.round_towards_zero": "Float.trunc",
    "Float.max_finite_value": "Float.max_float",
    "Float.ascending": "Float.compare",
    "Float.to_int_exn": "Float.to_int",
    "Bool.of_string": "bool_of_string",
    "Char.to_int": "Char.code",
    "Char.of_int_exn": "Char.chr",
    "Char.uppercase": "Char.uppercase_ascii",
    "Char.lowercase": "Char.lowercase_ascii",
    "String.uppercase": "String.uppercase_ascii",
    "String.lowercase": "String.lowercase_ascii",
    "String.capitalize": "String.capitalize_ascii",
    "String.uncapitalize": "String.uncapitalize_ascii",
    "String.strip": "String.trim",
    "String.ascending": "String.compare",
    "List.hd_exn": "List.hd",
    "Hashtbl.find_exn": "Hashtbl.find",
    "List.tl_exn": "List.tl",
    "List.nth_exn": "List.nth",
    "List.zip_exn": "List.combine",
    "List.unzip": "List.split",
}
_CALLS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "Option.value_map": ("Option.fold", {"~default": "~none:", "~f": "~some:"}),
    "String.is_prefix": ("String.starts_with", {"~prefix": "~prefix:"}),
    "String.is_suffix": ("String.ends_with", {"~suffix": "~suffix:"}),
    "List.fold": ("List.fold_left", {"~f": "", "~init": "", "": ""}),
    "List.find_exn": ("List.find", {"~f": "", "": ""}),
    "List.dedup_and_sort": ("List.sort_uniq", {"~compare": "", "": ""}),
    "Array.fold": ("Array.fold_left", {"~f": "", "~init": "", "": ""}),
    "String.split": ("String.split_on_char", {"~on": "", "": ""}),
}
"""What a call is here, with what its labels are; those that are none here stand in the order of this table."""


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.UnboundName) or message.sort != "value":
        return ()
    syntax = tree(problem)
    if syntax is None or message.path not in {*_NAMES, *_CALLS} or file_of_module(problem, message.qualifier or ""):
        return ()
    edits, said = _edits(problem, syntax.walk("value_path"))
    if message.path not in said:
        return ()
    times = f" (and {len(said) - 1} more)" if len(said) > 1 else ""
    title = f"`{message.path}` is of Base: `{said[message.path]}`{times}"
    return [Candidate(title, problem.edit(*edits), _LIKELY)]


def _edits(problem: Problem, paths: Iterable[Node]) -> tuple[list[TextEdit], dict[str, str]]:
    """The edits of all these that are of Base, and what each becomes."""
    edits: list[TextEdit] = []
    said: dict[str, str] = {}
    for path in paths:
        made = [TextEdit(path.start, path.end, _NAMES[path.text])] if path.text in _NAMES else _call(problem, path)
        if made and file_of_module(problem, path.text.partition(".")[0]) is None:
            said[path.text] = made[0].text
            if not any(edit.start <= path.start < edit.end for edit in edits):
                edits += made
    return edits, said


def _written(problem: Problem, node: Node) -> str:
    """The text of an expression, with what is of Base in it brought to what is here."""
    inner, _ = _edits(problem, node.walk("value_path"))
    moved = [TextEdit(edit.start - node.start, edit.end - node.start, edit.text) for edit in inner]
    return apply_text_edits(node.text, moved)


def _call(problem: Problem, path: Node) -> list[TextEdit]:
    """The edits of the call of a function; none where it is called with something else."""
    call = path.parent
    if path.text not in _CALLS or call is None or call.kind != "application_expression" or call.children[0] != path:
        return []
    name, labels = _CALLS[path.text]
    arguments = [(*bare(one), one) for one in call.fields("argument")]
    if any(label not in labels and label for label, _, _ in arguments):
        return []
    first = TextEdit(path.start, path.end, name)
    if any(labels.values()):
        edits = [first]
        for label, text, one in arguments:
            if label and labels[label] != f"{label}:":
                punned = f":{text}" if one.field("expression") is None else ""
                written = one.child("label_name")
                end = written.end if written is not None else one.start
                edits.append(TextEdit(one.start, end, f"{labels[label][:-1]}{punned}"))
        return edits
    if {label for label, _, _ in arguments} - {""} != set(labels) - {""}:
        return []
    ordered = [one for label in labels for one in arguments if one[0] == label]
    values = [(text, one.field("expression") if label else one) for label, text, one in ordered]
    texts = [(text if value is None else _written(problem, value), value) for text, value in values]
    given = [text if value is None or value.kind in ATOMS else f"({text})" for text, value in texts]
    slots = zip((one for _, _, one in arguments), given, strict=True)
    return [first, *(TextEdit(slot.start, slot.end, text) for slot, text in slots)]
