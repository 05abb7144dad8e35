"""Calls that give an option now: where there is none, a default that the project has a name or a value for.

let host = lookup t "host" in ...      let host = Option.value (lookup t "host") ~default:Settings.default_host in ...
print_int (find_opt counts w)          print_int (Option.value (find_opt counts w) ~default:0)
{ default with lines = int t "n" }     { default with lines = Option.value (int t "n") ~default:default.lines }
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, bound_names
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import ATOMS, bare, item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.operands import clashing
from lsp_aid.repair.places import node_of, outside_parentheses, text_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import Type, fits
from lsp_aid.repair.values import calls

_LOOKS_UP = re.compile(r"(?:\b|_)(?:\w+_opt|find|lookup|get)$")
_NOTHING = {"int": "0", "float": "0.", "string": '""', "bool": "false", "list": "[]"}
_IS_DEFAULT = re.compile(r"^(?:(?:default|fallback|initial)_?(?P<of>\w*)|(?P<by>\w+)_default|empty|none|zero|unknown)$")
_SIMPLE = ("string", "number", "boolean", "empty_list", "constructor_path")
_FILES_AT_MOST = 400
_MOST = 3
_NAMED, _SEEN, _OF_TYPE, _EMPTY = 0.93, 0.9, 0.8, 0.7
_BEHIND = 0.05


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash) or message.what == "pattern":
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    ways = clashing(node, message) if node is not None else ()
    option = next((way for way in ways if _is_one(way[1], way[2])), None)
    if option is None:
        return ()
    node, _, wanted = option
    call = _call(node)
    function = call.field("function") if call is not None else None
    if call is None or function is None:
        return ()
    asked = await AskedTypes.of(problem)
    defaults = dict.fromkeys(_given_elsewhere(problem, call, function.text), _SEEN)
    defaults.update(dict.fromkeys(_changed(node), _NAMED))
    field = _field(node) or _field(call)
    for text, weight in await _named(asked, call, function.text, wanted, field) if asked is not None else ():
        defaults[text] = max(weight, defaults.get(text, 0.0))
    nothing = _NOTHING.get(wanted.head)
    if nothing is not None and _LOOKS_UP.search(function.text):
        defaults.setdefault(nothing, _EMPTY)
    best = sorted(defaults.items(), key=lambda pair: -pair[1])[:_MOST]
    return [one for text, weight in best for one in _with_default(problem, call, text, weight)]


def _is_one(found: Type, wanted: Type) -> bool:
    """Whether the value of the option is what is wanted."""
    others = ("option", "result", "unit", "char", "->")
    return found.head == "option" and wanted.head not in others and fits(found.parts[0], wanted)


def _call(node: Node) -> Node | None:
    """The call that gives the option: what is in error, or what the variable in error is bound to."""
    call = within_parentheses(node)
    if call.kind in ("value_path", "field_expression") and "." not in call.text:
        binding = lookup(call.syntax, call.text, call.start)
        body = binding.binding.field("body") if binding is not None and binding.kind == "value" else None
        if body is not None and binding is not None and not binding.arity and binding.node.text == call.text:
            call = within_parentheses(body)
    return call if call.kind == "application_expression" else None


# --- which ---


def _given_elsewhere(problem: Problem, call: Node, function: str) -> list[str]:
    """What the project gives as the default for the same function elsewhere: a constant, a value of a module; one of
    the arguments, of which this call has its own. What the file itself has is first."""
    found: dict[str, None] = {}
    name = function.rpartition(".")[2]
    own = [bare(one) for one in call.fields("argument")]
    paths = [p for p in problem.view.paths() if p.endswith(".ml")]
    for path in sorted(paths, key=lambda p: p != problem.diagnostic.path)[:_FILES_AT_MOST]:
        text = text_of(problem.view, path)
        if text is None or name not in text:
            continue
        for other, default in _defaults(ocaml_syntax.parse(text, path)):
            called = other.field("function")
            if called is None or called.text.rpartition(".")[2] != name:
                continue
            theirs = [bare(one) for one in other.fields("argument")]
            at = next((n for n, (_, given) in enumerate(theirs) if given == default.text), None)
            if default.kind in _SIMPLE or (default.kind == "value_path" and default.text[:1].isupper()):
                found[default.text] = None
            elif at is not None and [label for label, _ in theirs] == [label for label, _ in own]:
                found[own[at][1]] = None
    return list(found)


def _defaults(syntax: ocaml_syntax.Syntax) -> Iterator[tuple[Node, Node]]:
    """The calls with a default for what they do not find, and that: by `Option.value`, by a matching."""
    for call in calls(syntax.walk("application_expression"), "Option.value"):
        plain = [one for one in call.fields("argument") if one.kind != "labeled_argument"]
        default = next((one.field("expression") for one in call.fields("argument") if one.text[:1] == "~"), None)
        above, piped = call.parent, None
        if above is not None and above.kind == "infix_expression" and above.field("right") == call:
            piped = above.field("left") if (sign := above.field("operator")) and sign.text == "|>" else None
        value = plain[0] if plain else piped
        if value is not None and default is not None:
            yield within_parentheses(value), within_parentheses(default)
    for match in syntax.walk("match_expression"):
        value, *cases = match.named_children
        pairs = {p.text: b for case in cases if (p := case.field("pattern")) and (b := case.field("body"))}
        default = pairs.pop("None", None)
        if default is not None and [f"Some {body.text}" for body in pairs.values()] == list(pairs):
            yield within_parentheses(value), within_parentheses(default)


def _field(node: Node) -> str:
    """The field of a record that is made of a value; empty where it is none."""
    around = _made(node)
    return around.named_children[0].text.rpartition(".")[2] if around is not None else ""


def _made(node: Node) -> Node | None:
    """The field of a record expression that a value is given for."""
    outer = outside_parentheses(node)
    around = outer if outer.kind == "field_expression" else outer.parent
    return around if around is not None and around.kind == "field_expression" else None


async def _named(asked: AskedTypes, call: Node, function: str, wanted: Type, field: str) -> list[tuple[str, float]]:
    """The values in scope, and in the modules of the function and of the type, that are called a default; of a default
    record, the field that is made here."""
    own = [(name, type_) for name, type_ in await asked.values(call.start)]
    module = function.rpartition(".")[0]
    for other in dict.fromkeys((module, wanted.head.rpartition(".")[0])):
        if other and not other.startswith("Stdlib"):
            own += [(f"{other}.{name}", type_) for name, type_ in await asked.values(call.start, other)]
    words = set(_words(call))
    found = []
    for path, type_ in own:
        said = _IS_DEFAULT.match(path.rpartition(".")[2])
        if said is None or type_.is_variable:
            continue
        if not fits(type_, wanted):
            if field and not type_.parts and await _is_of_type(asked, call, f"{path}.{field}", wanted):
                found.append((f"{path}.{field}", _NAMED))
            continue
        about = {word for word in (said["of"] or said["by"] or "").split("_") if word}
        if about and about <= words:
            found.append((path, _NAMED))
        elif not about and (wanted.head not in _NOTHING or "." not in path):
            found.append((path, _OF_TYPE))
    return found


def _changed(node: Node) -> Iterator[str]:
    """What the field has in the record that is copied with another value for it."""
    around = _made(node)
    record = around.parent if around is not None else None
    copied = record.named_children[0] if record is not None and record.kind == "record_expression" else None
    if copied is not None and copied.kind == "value_path":
        yield f"{copied.text}.{_field(node)}"


async def _is_of_type(asked: AskedTypes, call: Node, text: str, wanted: Type) -> bool:
    _, (type_,) = await asked.of_parts(item_around(call), (call.start, call.end), [text])
    return type_ is not None and not type_.is_variable and fits(type_, wanted)


def _words(call: Node) -> Iterator[str]:
    """The words of what is looked up: of the name that it gets, of the function and of what it is given."""
    texts = [call.text]
    binding = call.enclosing("let_binding")
    pattern = binding.field("pattern") if binding is not None else None
    body = binding.field("body") if binding is not None else None
    if pattern is not None and body is not None and within_parentheses(body) == call:
        texts += [name.text for name in bound_names(pattern)]
    around = call.enclosing("labeled_argument", "field_expression")
    name = next(iter(around.walk("label_name", "field_name")), None) if around is not None else None
    texts += [name.text] if name is not None else []
    for text in texts:
        yield from re.split(r"[^a-z0-9]+", text.casefold())


# --- how ---


def _with_default(problem: Problem, call: Node, default: str, weight: float) -> Iterator[Candidate]:
    """Behind the call or before it, as the file has it elsewhere first."""
    outer = call
    if call.parent is not None and call.parent.kind == "parenthesized_expression":
        outer = call.parent
    above = outer.parent
    is_argument = above is not None and above.kind in _TIGHT
    opened, closed = ("(", ")") if is_argument or outer != call else ("", "")
    value = call.text if call.kind in ATOMS else f"({call.text})"
    front = f"{opened}Option.value ~default:{default} {value}{closed}"
    behind = f"{opened}Option.value {value} ~default:{default}{closed}"
    in_front = "Option.value ~default" in problem.source.text
    kind = Kind.GUESS if weight <= _EMPTY else Kind.FIX
    for number, text in enumerate((front, behind) if in_front else (behind, front)):
        change = problem.edit(TextEdit(outer.start, outer.end, text))
        title = f"Where there is none, take `{default}`: `Option.value`"
        yield Candidate(title, change, weight - _BEHIND * number, kind)


_TIGHT = ("application_expression", "infix_expression", "labeled_argument", "field_get_expression", "prefix_expression")
