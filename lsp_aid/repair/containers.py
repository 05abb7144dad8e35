"""A value in another container than the one that is expected, or one that is still to be computed.

List.hd primes, of a lazy list            List.hd (Lazy.force primes)
left + right, each computed by a domain   Domain.join left + Domain.join right
List.length words, of a sequence          Seq.length words
words |> List.map f |> List.iter g        words |> Seq.map f |> Seq.iter g
String.concat "," words, of an array      String.concat "," (Array.to_list words)
to_seq_keys t |> List.sort compare        to_seq_keys t |> List.of_seq |> List.sort compare
"""

from collections.abc import Iterator, Mapping, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import stdlib
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import type_clash, within_parentheses
from lsp_aid.repair.type_shapes import read

_CONVERSIONS: Mapping[tuple[str, str], str] = {
    ("Seq.t", "list"): "List.of_seq",
    ("list", "Seq.t"): "List.to_seq",
    ("array", "list"): "Array.to_list",
    ("list", "array"): "Array.of_list",
    ("Seq.t", "array"): "Array.of_seq",
    ("array", "Seq.t"): "Array.to_seq",
    ("string", "Seq.t"): "String.to_seq",
    ("Seq.t", "string"): "String.of_seq",
    ("Hashtbl.t", "Seq.t"): "Hashtbl.to_seq",
    ("option", "list"): "Option.to_list",
    ("result", "option"): "Result.to_option",
    ("Buffer.t", "string"): "Buffer.contents",
    ("in_channel", "string"): "In_channel.input_all",
    ("char", "bytes"): "Bytes.make 1",
}
_MODULES = {"list": "List", "array": "Array", "Seq.t": "Seq", "string": "String", "bytes": "Bytes", "option": "Option"}
_MODULES |= {"Hashtbl.t": "Hashtbl", "Queue.t": "Queue", "Stack.t": "Stack", "Buffer.t": "Buffer", "result": "Result"}
_MORE = {"Seq": ("length", "exists", "for_all", "find", "mem", "mapi", "iteri", "is_empty")}
_ENDS = frozenset(
    (
        *("length", "iter", "iteri", "fold_left", "fold_right", "exists", "for_all", "find", "find_opt", "find_map"),
        *("mem", "is_empty", "hd", "nth", "nth_opt", "get", "to_seq", "of_seq", "to_list", "of_list", "assoc"),
        *("assoc_opt", "mem_assoc", "compare_lengths", "equal", "compare", "split", "partition"),
    )
)
"""Functions that give something else than what holds as many."""
_CALLED: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("Option", "Result"): {"is_some": "is_ok", "is_none": "is_error", "get": "get_ok"},
    ("Result", "Option"): {"is_ok": "is_some", "is_error": "is_none", "get_ok": "get"},
}
_ATOMS = ("value_path", "parenthesized_expression", "field_get_expression", "field_expression", "label_name")
_COMPUTED = ("application_expression", "infix_expression")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    clash = type_clash(problem)
    if clash is None or clash[0].what == "pattern":
        return ()
    message, node = clash
    found, expected = _head(message.found), _head(message.expected)
    return list(_ways(problem, node, found, expected))


def _ways(problem: Problem, node: Node, found: str, expected: str) -> Iterator[Candidate]:
    if found in ("lazy_t", "Lazy.t") and expected not in ("lazy_t", "Lazy.t"):
        yield from _default(problem, node)
        yield _wrapped(problem, node, "Lazy.force", f"`{_short(node)}` is lazy: `Lazy.force` computes it", 0.93)
    elif expected in ("lazy_t", "Lazy.t"):
        yield _wrapped(problem, node, "lazy", f"A lazy value is expected: `lazy {_short(node)}`", 0.9)
    elif found == "Domain.t" and expected and expected != "Domain.t":
        yield _wrapped(problem, node, "Domain.join", f"`{_short(node)}` is a domain: `Domain.join` waits for it", 0.93)
    elif (found, expected) in _CONVERSIONS:
        function = _CONVERSIONS[found, expected]
        yield _wrapped(problem, node, function, f"Convert with `{function}`", 0.72)
    yield from _other_module(problem, node, found, expected)


def _default(problem: Problem, node: Node) -> Iterator[Candidate]:
    """The lazy value that stands in for the one that is left out, where that is given a name."""
    for around in (n for n in node.ancestors() if n.kind == "let_expression"):
        bound = next(around.walk("let_binding"), None)
        pattern = bound.field("pattern") if bound is not None else None
        if bound is None or pattern is None or pattern.text != node.text:
            continue
        for argument in bound.walk("labeled_argument"):
            value = argument.field("expression")
            if value is not None and argument.text.startswith("~default:") and value.kind == "value_path":
                title = f"`{_short(value)}` is lazy: `Lazy.force` computes it"
                yield _wrapped(problem, value, "Lazy.force", title, 0.95)
        return


def _other_module(problem: Problem, node: Node, found: str, expected: str) -> Iterator[Candidate]:
    """`Seq.length` for `List.length`, where what it is given is a sequence."""
    old, new = _MODULES.get(expected), _MODULES.get(found)
    if old is None or new is None or old == new:
        return
    yield from _piped(problem, node, old, new)
    above = node.parent
    application = above if above is not None and above.kind == "application_expression" else None
    function = application.field("function") if application is not None else None
    if function is None or application is None or function == node:
        return
    module, _, name = function.text.rpartition(".")
    arguments = application.fields("argument")
    if function.text == "List.nth" and new == "Array" and len(arguments) == 2:
        index = within_parentheses(arguments[1]).text
        value = node.text if node.kind in _ATOMS or node.text.startswith("(") else f"({node.text})"
        edit = problem.edit(TextEdit(application.start, application.end, f"{value}.({index})"))
        yield Candidate(f"`{_short(node)}` is an array: `.({index})`", edit, 0.86)
    name = _CALLED.get((old, new), {}).get(name, name)
    if module == old and _has(new, name):
        edits = [TextEdit(function.start, function.end, f"{new}.{name}")]
        if name not in _ENDS:
            edits += _stages(application, old, new)
        yield Candidate(f"`{_short(node)}` is no {expected}: `{new}.{name}`", problem.edit(*edits), 0.92)


def _has(module: str, name: str) -> bool:
    return name in (*stdlib.MODULES.get(module, ()), *_MORE.get(module, ()))


def _piped(problem: Problem, node: Node, old: str, new: str) -> Iterator[Candidate]:
    """The same of all that a value goes through."""
    edits = _stages(node, old, new)
    if edits:
        title = f"`{_short(node)}` goes through functions of `{new}`"
        yield Candidate(title, problem.edit(*edits), 0.93)


def _stages(node: Node, old: str, new: str) -> list[TextEdit]:
    """Functions of one module become those of another, up to the first that gives something else; where the other has
    none of that name, the value is converted."""
    edits: list[TextEdit] = []
    above = node.parent
    while above is not None and above.kind == "infix_expression" and above.named_children[0] == node:
        operator, stage = above.child("rel_operator"), above.named_children[-1]
        function = stage.field("function") or stage
        module, _, name = function.text.rpartition(".")
        if operator is None or operator.text != "|>" or module != old:
            break
        if not _has(new, name):
            back = {"Seq": f"{old}.of_seq", "Array": "Array.to_list", "List": f"{old}.of_list"}.get(new)
            if back is None or not edits:
                return []
            line = node.syntax.text[: operator.start].rpartition("\n")[2]
            gap = f"\n{line}" if not line.strip() else " "
            return [*edits, TextEdit(stage.start, stage.start, f"{back}{gap}|> ")]
        edits.append(TextEdit(function.start, function.start + len(module), new))
        if name in _ENDS:
            break
        node, above = above, above.parent
    return edits


def _wrapped(problem: Problem, node: Node, function: str, title: str, weight: float) -> Candidate:
    above = node.parent
    operator = above.child("rel_operator") if above is not None and above.named_children[0] == node else None
    if operator is not None and operator.text == "|>" and node.kind in _COMPUTED and " " not in function:
        gap = node.syntax.text[node.end : operator.end]
        edit = TextEdit(node.end, node.end, f"{gap if gap.strip() == '|>' else ' |>'} {function}")
        return Candidate(title, problem.edit(edit), weight)
    is_argument = above is not None and above.kind in ("application_expression", "labeled_argument", "infix_expression")
    before, behind = ("(", ")") if node.kind not in _ATOMS and not node.text.startswith("(") else ("", "")
    opened, closed = ("(", ")") if is_argument else ("", "")
    edits = (
        TextEdit(node.start, node.start, f"{opened}{function} {before}"),
        TextEdit(node.end, node.end, f"{behind}{closed}"),
    )
    return Candidate(title, problem.edit(*edits), weight)


def _head(type_: str) -> str:
    """`list` of `int list`, `Seq.t` of `string Seq.t`; a function, a tuple has none."""
    head = read(type_).head.removeprefix("Stdlib.")
    return head if head not in ("t", "->", "*", "") else ""


def _short(node: Node) -> str:
    text = " ".join(node.text.split())
    return text if len(text) <= 30 else f"{text[:27]}..."
