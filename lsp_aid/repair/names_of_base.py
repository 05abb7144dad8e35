"""Functions of Base and its like in a project that has only the standard library, all in the file at once.

Option.value_map o ~default:0 ~f     Option.fold o ~none:0 ~some:f
List.map xs ~f:String.strip          List.map String.trim xs
List.fold xs ~init:0 ~f:( + )        List.fold_left ( + ) 0 xs
List.filter ~f:String.is_empty       List.filter (fun s -> s = "")
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.other_libraries import OF_OTHERS, OPTIONS
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.calls_in_code import ATOMS, bare
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import declared_elsewhere, file_of_module, outside_parentheses, tree

_LIKELY = 0.95
_LESS = 0.05
_WAYS = 2  # what a channel is read with is not what a path is
_OPENED = re.compile(r"\bopen!?\s+(?:Base|Core\w*|\w*Labels|Containers|Batteries|Extlib)\b")
_PART = re.compile(r"\{(\w+)\}")
_IN_PLACE = re.compile(r"(~\w+):\{(\w+)\}")
_HEAD = re.compile(r"[\w.]+")
_OPERATOR = re.compile(r" (?:[-=<>+*]|\*\.|\*\*) ")
_REPEATED = ("value_path", "number", "field_get_expression", "character", "string")
_NAMED = {"String": "s", "Char": "c"}
_CHANNEL = re.compile(r"_channel\.\w+ (?:In_channel\.)?(?:\w*std\w+|\w*chan\w*|\w*ch|i?ic|inc|inp\w*|input)\b")
_KEYS = re.compile(r"~(?:(?:key|data):(?!:)\s*|(?=key\b|data\b))")
_READ = (
    messages.UnboundName,
    messages.WrongLabel,
    messages.TypeClash,
    messages.LabelsOmitted,
    messages.TooManyArguments,
    messages.NotAFunction,
)


@frozen
class _Argument:
    node: Node
    label: str  # without its sign; empty where there is none
    text: str


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    if not isinstance(message, _READ) or syntax is None or _OPENED.search(syntax.text):
        return ()
    own = {".".join(d.path.split(".")[-2:]) for d in declared_elsewhere(problem)}  # such as a project's own `List.sum`
    paths = [p for p in syntax.walk("value_path") if p.text not in own and _is_of_others(problem, p)]
    found: dict[tuple[TextEdit, ...], Candidate] = {}
    for way in range(_WAYS):
        made = [(path, edits) for path in paths if (edits := _edits(problem, path, way))]
        meant = [path for path, _ in made if _is_meant(problem, message, path)]
        if not meant:
            return ()
        edits = _outermost([one for _, one in made])
        said = next(one[0].text for path, one in made if path == meant[0])
        times = f" (and {len(made) - 1} more)" if len(made) > 1 else ""
        title = f"`{meant[0].text}` is of another library: `{' '.join(said.split())}`{times}"
        if said == meant[0].text:
            title = f"`{said}` takes its arguments otherwise here{times}"
        found.setdefault(tuple(edits), Candidate(title, problem.edit(*edits), _LIKELY - _LESS * way))
    return list(found.values())


def _is_of_others(problem: Problem, path: Node) -> bool:
    known = path.text in OF_OTHERS or (path.text in OPTIONS and _is_for_option(path))
    module = path.text.partition(".")[0]
    is_own = any(item.kind == "module" and item.name == module for item in path.syntax.declared)
    return known and not is_own and file_of_module(problem, module) is None


def _is_for_option(path: Node) -> bool:
    """Whether what a call gives is matched with `None`, or goes to a function of options."""
    node = path.parent
    if node is None or node.kind != "application_expression":
        return False
    node = outside_parentheses(node)
    around = node.parent
    if around is None:
        return False
    function = around.field("function") if around.kind == "application_expression" else None
    cases = around.named_children if around.kind == "match_expression" and around.named_children[0] == node else ()
    patterns = [pattern.text for case in cases if (pattern := case.field("pattern"))]
    return (function is not None and function.text.startswith("Option.")) or "None" in patterns


def _is_meant(problem: Problem, message: messages.Message, path: Node) -> bool:
    """Whether the error is of this name, or in its call."""
    if isinstance(message, messages.UnboundName):
        return path.text == message.path or (message.sort == "module" and path.text.startswith(f"{message.path}."))
    call = path.parent
    is_called = call is not None and call.kind == "application_expression"
    return is_called and call is not None and call.start <= problem.start and problem.end <= call.end


def _outermost(made: Sequence[Sequence[TextEdit]]) -> list[TextEdit]:
    """The edits without those that are within others, which have them in their texts."""
    found: list[TextEdit] = []
    for edits in made:
        found += [e for e in edits if not any(o.start <= e.start and e.end <= o.end and o != e for o in found)]
    return found


def _edits(problem: Problem, path: Node, way: int) -> list[TextEdit]:
    """The edits of a name, with those of its call; none where it is called with something else."""
    call = path.parent
    is_called = call is not None and call.kind == "application_expression" and call.children[0] == path
    templates = OF_OTHERS.get(path.text) or (OPTIONS[path.text],)
    if not is_called or (call is not None and _CHANNEL.search(call.text)):
        templates = templates[::-1]
    ways = [
        edits
        for template in templates
        if (edits := _called(problem, path, call, template, way) if is_called and call else _alone(path, template))
    ]
    return ways[min(way, len(ways) - 1)] if ways else []


# --- a name alone ---


def _alone(path: Node, template: str) -> list[TextEdit]:
    """The function as a value: the other function, or one that is written out."""
    template = template.partition(" / ")[0]
    parts = _PART.findall(template)
    head = _HEAD.match(template)
    text = ""
    if not parts:
        text = template
    elif head is not None and template == " ".join([head[0], *(f"{{{part}}}" for part in parts)]):
        text = head[0] if head[0] != path.text and all(part.isdigit() for part in parts) else ""
        text = text if parts == sorted(parts) else ""
    elif set(parts) == {"0"}:
        variable = _NAMED.get(path.text.partition(".")[0], "x")
        body = template.replace("{0}", variable)
        cases = body.removeprefix(f"match {variable} with ")
        text = f"(function {cases})" if cases != body else f"(fun {variable} -> {body})"
    return [TextEdit(path.start, path.end, text)] if text and text != path.text else []


# --- a call ---


def _called(problem: Problem, path: Node, call: Node, template: str, way: int) -> list[TextEdit]:
    template, _, dropped = template.partition(" / ")
    given = [_Argument(one, label.lstrip("~?"), text) for one in call.fields("argument") for label, text in [bare(one)]]
    given = [one for one in given if not one.label or one.label not in dropped.split()]
    if dropped in ("module", "()"):
        given = [one for one in given if not one.text.startswith(("(module ", "()"))]
    labels = {one.label for one in given if one.label}
    plain = [one for one in given if not one.label]
    parts = _PART.findall(template)
    if not parts:
        is_same = not labels and not (template == "Hashtbl.create 16" and len(plain) == len(call.fields("argument")))
        edit = TextEdit(path.start, path.end, template) if not dropped else TextEdit(call.start, call.end, template)
        return [edit] if is_same else []
    wanted = {part for part in parts if not part.isdigit()}
    places = [part for part in dict.fromkeys(parts) if part.isdigit()]
    if labels != wanted or len(plain) > len(places):
        return []
    stays = _IN_PLACE.search(template) and not _OPERATOR.search(template) and len(parts) == len(given)
    if stays and (edits := _relabelled(path, template, given)):
        return edits
    if len(plain) < len(places):
        last = f" {{{places[-1]}}}"
        if len(plain) < len(places) - 1 or not template.endswith(last) or parts.count(places[-1]) > 1:
            return []
        if int(places[-1]) != len(plain):
            return []
        template = template.removesuffix(last)
    values = {one.label or str(plain.index(one)): one for one in given}
    return _filled(problem, path, call, template, values, way)


def _relabelled(path: Node, template: str, given: Sequence[_Argument]) -> list[TextEdit]:
    """The other labels, where the call stays as it is otherwise."""
    head, labels = _HEAD.match(template), {old: new for new, old in _IN_PLACE.findall(template)}
    if head is None or any(one.label and one.label not in labels for one in given):
        return []
    edits = [TextEdit(path.start, path.end, head[0])]
    for one in given:
        written = one.node.child("label_name")
        if one.label and labels[one.label] != f"~{one.label}":
            punned = f":{one.text}" if one.node.field("expression") is None else ""
            end = written.end if written is not None else one.node.start
            edits.append(TextEdit(one.node.start, end, f"{labels[one.label]}{punned}"))
    return edits


def _filled(
    problem: Problem, path: Node, call: Node, template: str, values: Mapping[str, _Argument], way: int
) -> list[TextEdit]:
    parts = _PART.findall(template)
    nodes = {name: one.node.field("expression") if one.label else one.node for name, one in values.items()}
    if any(parts.count(p) > 1 and (n := nodes[p]) is not None and n.kind not in _REPEATED for p in parts):
        return []
    texts = {}
    for name, node in nodes.items():
        text = _written(problem, node, way) if node is not None else values[name].text
        if name == "f":
            text = _without_keys(text)
        texts[name] = text if node is None or node.kind in ATOMS else f"({text})"
    slots = [one.node for one in values.values()]
    head = _HEAD.match(template)
    is_plain = head is not None and template == " ".join([head[0], *(f"{{{part}}}" for part in parts)])
    if is_plain and head and len(slots) == len(parts) == len(call.fields("argument")):
        new = [TextEdit(slot.start, slot.end, texts[part]) for slot, part in zip(slots, parts, strict=True)]
        return [TextEdit(path.start, path.end, head[0]), *new]
    text = _PART.sub(lambda match: texts[match[1]], template)
    return [TextEdit(call.start, call.end, f"({text})" if _needs_parentheses(call, template) else text)]


def _written(problem: Problem, node: Node, way: int) -> str:
    """The text of an expression, with what is of other libraries in it brought to what is here."""
    paths = [path for path in node.walk("value_path") if _is_of_others(problem, path)]
    inner = _outermost([edits for path in paths if (edits := _edits(problem, path, way))])
    moved = [TextEdit(edit.start - node.start, edit.end - node.start, edit.text) for edit in inner]
    return apply_text_edits(node.text, moved)


def _without_keys(text: str) -> str:
    """`fun ~key ~data -> ..` of a table as `fun key data -> ..`."""
    head, arrow, body = text.partition("->")
    return _KEYS.sub("", head) + arrow + body if re.match(r"\(?\s*fun\b", head) else text


def _needs_parentheses(call: Node, template: str) -> bool:
    around = call.parent
    kind = around.kind if around is not None else ""
    if kind in ("parenthesized_expression", "let_binding"):
        return False
    if template.startswith("match "):
        return True
    if not _OPERATOR.search(_PART.sub("", re.sub(r"\(.*?\)", "", template))) and " {" in template:
        return False
    return kind == "infix_expression" and not any(sign.text in ("&&", "||") for sign in _signs(around))


def _signs(node: Node | None) -> Iterator[Node]:
    operator = node.field("operator") if node is not None else None
    if operator is not None:
        yield operator
