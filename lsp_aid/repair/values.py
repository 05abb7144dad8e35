"""What may be given where a value of a type is needed and nothing is written: for a new argument, a new field.

In this order: what the project gives there elsewhere; a name in scope that is called like it, or that alone is of its
type; what a type has by itself (`()`, `None`, `M.default`). A literal that nothing speaks for is invented.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.call_plans import Value
from lsp_aid.repair.family import Problem
from lsp_aid.repair.places import text_of
from lsp_aid.repair.type_shapes import Type, fits

_FILES_AT_MOST = 400
_MOST = 5
COMMON = frozenset(("int", "string", "bool", "float", "char", "unit", "bytes"))
_SIMPLE = ("number", "signed_number", "string", "character", "boolean", "unit", "empty_list", "constructor_path", "tag")
_INVENTED = {"bool": ("false", "true"), "int": ("0", "1"), "string": ('""',), "float": ("0.", "1."), "list": ("[]",)}
_DEFAULTS = ("default", "empty", "none", "initial", "zero", "unit")

SEEN, NAMED, ONLY, OWN, OF_TYPE, INVENTED = 0.1, 0.06, 0.3, 0.2, 0.5, 0.9


def values(
    type_: Type, name: str, seen: Sequence[str], scope: Sequence[tuple[str, Type]], beside: Iterable[tuple[str, Type]]
) -> list[Value]:
    """What may be given for a parameter or field `name`. `seen` are what is given elsewhere; `scope` the values in
    scope, the nearest first; `beside` the other arguments of the call, with their types."""
    found = [Value(text, SEEN + 0.15 * number) for number, text in enumerate(dict.fromkeys(seen))]
    found += _in_scope(type_, name, scope)
    if type_.head == "unit":
        found.append(Value("()", 0.0))
    elif type_.head == "option":
        found.append(Value("None", OWN))
    found += _of_module(type_, scope)
    if type_.head not in COMMON and not type_.is_variable:
        found += [Value(text, 0.7, True) for text, other in beside if fits(other, type_)]
    found += [Value(text, INVENTED + 0.1 * n, True) for n, text in enumerate(_INVENTED.get(type_.head, ()))]
    best: dict[str, Value] = {}
    for value in sorted(found, key=lambda v: v.cost):
        best.setdefault(value.text, value)
    return list(best.values())[:_MOST]


def _in_scope(type_: Type, name: str, scope: Sequence[tuple[str, Type]]) -> Iterator[Value]:
    named = [other for other, of in scope if other == name and fits(of, type_)]
    if named:
        yield Value(named[0], NAMED)
    if type_.head not in COMMON and not type_.is_variable and type_.head != "->":
        alike = [other for other, of in scope if other != name and not of.is_variable and fits(of, type_)]
        for number, other in enumerate(alike[:2]):
            yield Value(other, (ONLY if len(alike) == 1 else OF_TYPE) + 0.1 * number)


def _of_module(type_: Type, scope: Sequence[tuple[str, Type]]) -> Iterator[Value]:
    """`Config.default` for a `Config.t`."""
    module = type_.head.rpartition(".")[0]
    known = dict(scope)
    for name in _DEFAULTS:
        path = f"{module}.{name}"
        if module and path in known and fits(known[path], type_):
            yield Value(path, OF_TYPE)


def written_elsewhere(
    problem: Problem, path: str, parameters: Sequence[str], names: Collection[str]
) -> list[list[str]]:
    """For each parameter, by its label or empty, what the calls of a function give for it that are complete: what can
    be written anywhere, or is one of the `names`, the most common first."""
    found: list[Counter[str]] = [Counter() for _ in parameters]
    *_, module, name = ["", *path.split(".")]
    for file in [p for p in problem.view.paths() if p.endswith(".ml")][:_FILES_AT_MOST]:
        text = text_of(problem.view, file)
        if text is None or name not in text or (module and module not in text):
            continue
        is_own = file == problem.diagnostic.path
        for call in calls(ocaml_syntax.parse(text, file).walk("application_expression"), path, is_own=is_own):
            for number, argument in _bound(call, parameters):
                if argument.kind in _SIMPLE or (argument.kind == "value_path" and argument.text in names):
                    found[number][argument.text] += 1
    return [[text for text, _ in counter.most_common(2)] for counter in found]


def calls(nodes: Iterable[Node], path: str, *, is_own: bool = True) -> Iterator[Node]:
    """The applications of a function among these."""
    for node in nodes:
        function = node.field("function")
        if function is None or function.kind not in ("value_path", "constructor_path"):
            continue
        if function.text == path if is_own else function.text.endswith(f".{path}") or function.text == path:
            yield node


def _bound(call: Node, parameters: Sequence[str]) -> Iterator[tuple[int, Node]]:
    """The arguments of a call that gives all that has no label, by the number of their parameter."""
    arguments = call.fields("argument")
    bare = [one for one in arguments if one.kind != "labeled_argument"]
    plain = [n for n, label in enumerate(parameters) if not label]
    if len(bare) == len(plain):
        yield from zip(plain, bare, strict=True)
    for one in arguments:
        name, value = one.child("label_name"), one.field("expression")
        label = f"{one.text[0]}{name.text}" if name is not None else ""
        if one.kind == "labeled_argument" and label in parameters and value is not None:
            yield list(parameters).index(label), value
