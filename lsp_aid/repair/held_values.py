"""Values of a type that the variables around a place are or hold: in a field, or for their module's functions to read.

Money.format cents          Money.format ~currency:t.currency cents        of a record `t` around the call
Money.format cents          Money.format ~currency:(Invoice.currency t) cents      of an abstract `t`
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.scope import in_scope
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.call_plans import Value
from lsp_aid.repair.calls_in_code import bare, function_of, item_around
from lsp_aid.repair.family import Problem
from lsp_aid.repair.nested_fields import Fields, found_record, records
from lsp_aid.repair.similarity import is_short_for
from lsp_aid.repair.synonyms import mean_the_same
from lsp_aid.repair.type_shapes import Type, fits, parameters, read
from lsp_aid.repair.values import COMMON

_MOST_VARIABLES = 8
_MOST = 4
_DEEPEST = 2
ITSELF = 0.05
UNUSED, CALLED, RARE, LONE = 0.06, 0.12, 0.25, 0.3
_EVERYWHERE = ("string", "int")
NAMED, SAID, ONLY, ALONE, OTHER, DEEPER, READ = 0.08, 0.25, 0.35, 0.6, 0.45, 0.1, 0.05
DEFAULT = 0.07
_DEFAULTS = frozenset(("default", "usual", "standard", "initial", "fallback"))

Records = Mapping[str, tuple[str, Fields]]


async def held_values(problem: Problem, asked: AskedTypes, place: Node, wanted: Type, name: str) -> list[Value]:
    """What may stand at a place for a parameter `name`, which may be empty, the likeliest first. Where the place is a
    call, its function's name tells of what, too, and what it is given is the likelier to hold it. A variable of that
    name is one, too."""
    item = item_around(place)
    given = {path.text for path in place.walk("value_path")}
    variables = sorted(_variables(place, item), key=lambda one: one not in given)
    if not variables or wanted.is_variable or wanted.head == "->":
        return []
    where = (place.start, place.end)
    types = await _types(asked, place, variables)
    known = dict(records(problem, place.syntax))
    own = module_of(problem.diagnostic.path)
    function = function_of(place)
    names = (name, function.text.rpartition(".")[2] if function is not None else "")
    texts: dict[str, float] = {}
    found = []
    for variable, type_ in zip(variables, types, strict=True):
        if variable == name and (type_ is None or type_.is_variable or fits(type_, wanted)):
            found.append(Value(variable, ITSELF))
        if type_ is None or type_.is_variable:
            continue
        for number, (path, cost) in enumerate(_fields(variable, type_, wanted, names, known, own, 1)):
            texts.setdefault(path, cost + 0.01 * number)
        for text, cost in await _read_by(asked, place, variable, type_, wanted, name):
            texts.setdefault(text, cost)
    if not texts:
        return found
    _, judged = await asked.of_parts(item, where, list(texts))
    fitting = [
        Value(text, cost)
        for (text, cost), type_ in zip(texts.items(), judged, strict=True)
        if type_ is not None and not type_.is_variable and fits(type_, wanted)
    ]
    return [*found, *sorted(_each_once(fitting), key=lambda value: value.cost)][:_MOST]


async def _types(asked: AskedTypes, place: Node, variables: Sequence[str]) -> list[Type | None]:
    """The types of variables, as what is given to the call that is in the place tells them, too."""
    item, where = item_around(place), (place.start, place.end)
    given = ", ".join(text for _, text in map(bare, place.fields("argument")))
    used = [f"Stdlib.fst ({name}, ({given}))" if given else name for name in variables]
    _, types = await asked.of_parts(item, where, used)
    if given and any(type_ is None or type_.is_variable for type_ in types):
        _, plain = await asked.of_parts(item, where, variables)
        types = [one if one is not None else other for one, other in zip(types, plain, strict=True)]
    return types


def names_around(place: Node) -> dict[str, int]:
    """The names in the item of the file that a place is in, with how often each is written there."""
    start, end = item_around(place)
    around = place.syntax.node_at(start, end - 1)
    kinds = ("value_pattern", "value_name", "label_name")
    return Counter(node.text for node in around.walk(*kinds)) if around is not None else Counter()


def around_it(place: Node, wanted: Type, name: str, scope: Sequence[tuple[str, Type]]) -> list[Value]:
    """The variables of the definition around a call that may be meant by a parameter `name`, which may be empty: one
    that nothing uses yet, one that is called much alike, the only one of the very type that the call is not given."""
    names, given = names_around(place), {path.text for path in place.walk("value_path")}
    near = [(other, type_) for other, type_ in scope if other in names and other not in given]
    alike = [other for other, type_ in near if type_ == wanted]
    possible = [other for other, type_ in near if type_.is_variable or type_ == wanted]
    unused = [other for other in possible if names[other] == 1]
    called = [other for other in possible if _is_called(other, name)]
    found = [Value(other, UNUSED) for other in unused if len(unused) == 1 and other[0] != "_"]
    found += [Value(other, CALLED) for other in called[:1]]
    if len(set(alike)) == 1 and wanted.head in COMMON:
        found.append(Value(alike[0], RARE if wanted.head not in _EVERYWHERE else LONE))
    return found


def named_defaults(wanted: Type, name: str, scope: Sequence[tuple[str, Type]]) -> list[Value]:
    """The values in scope that are called the default of a parameter `name`: `default_sep`, `Csv.sep_default`; and
    `default` alone, where the type says enough."""
    found = []
    for path, type_ in scope:
        about = default_of(path.rpartition(".")[2])
        if about is None or type_.is_variable or not fits(type_, wanted):
            continue
        if is_about(about, name) if about else not _is_common(wanted):
            found.append(Value(path, DEFAULT))
    return found


def default_of(value: str) -> str | None:
    """What a value is called the default of: `sep` of `default_sep`, nothing of `default`; None where it is not."""
    words = value.split("_")
    about = [word for word in words if word not in _DEFAULTS]
    return "_".join(about) if len(about) < len(words) else None


def is_about(about: str, name: str) -> bool:
    """Whether what a default is of may be the parameter or field `name`."""
    return about == name or _is_called(about, name)


def _is_called(variable: str, name: str) -> bool:
    """Whether a variable's name says what a parameter's does: `src` and `source`, `user_id` and `id`."""
    if not name or variable == name:
        return False
    short, long = sorted((variable, name), key=len)
    return short in long.split("_") or is_short_for(short, long) or mean_the_same(short, long)


def _variables(place: Node, item: tuple[int, int]) -> list[str]:
    """The local variables at a place, the nearest first."""
    kinds = ("parameter", "variable", "value")
    around = in_scope(place.syntax, place.start)
    local = [b for b in around if b.kind in kinds and item[0] <= b.node.start < item[1] and not b.arity]
    return [b.name for b in local if b.name.replace("'", "").isidentifier()][:_MOST_VARIABLES]


def _fields(
    variable: str, type_: Type, wanted: Type, names: tuple[str, str], known: Records, own: str, depth: int
) -> Iterator[tuple[str, float]]:
    """Each way to a field of the type, without the module before its name and with it."""
    record = found_record(known, type_.head.replace("__", "."), own)
    fields = record[1] if record is not None else {}
    alike = [field for field, written in fields.items() if fits(read(written), wanted)]
    for field, written in fields.items():
        module = record[0] if record is not None else own
        path = f"{variable}.{field}"
        paths = (path,) if module == own else (path, f"{variable}.{module}.{field}")
        cost = _cost(field, names, is_alike=field in alike, is_only=len(alike) == 1, is_common=_is_common(wanted))
        if cost is not None:
            yield from ((one, cost + DEEPER * (depth - 1)) for one in paths)
        elif depth < _DEEPEST:
            of_field = read(written)
            inner = Type(of_field.head if "." in of_field.head else f"{module}.{of_field.head}", of_field.parts)
            yield from _fields(paths[0], inner, wanted, names, known, own, depth + 1)


def _cost(field: str, names: tuple[str, str], *, is_alike: bool, is_only: bool, is_common: bool) -> float | None:
    """What makes a field unlikely to be what is meant; None where nothing speaks for it."""
    name, function = names
    if field == name:
        return NAMED
    if not is_alike:
        return None
    said = bool(set(field.split("_")) & {*name.split("_"), *function.split("_")})
    if is_common:
        return SAID if said else ALONE if is_only else None
    return SAID if said else ONLY


def _is_common(type_: Type) -> bool:
    """Whether values of the type are everywhere, so that the type alone says nothing."""
    return type_.head in COMMON or any(part.head in COMMON or _is_common(part) for part in type_.parts)


async def _read_by(
    asked: AskedTypes, place: Node, variable: str, type_: Type, wanted: Type, name: str
) -> list[tuple[str, float]]:
    """The functions of the module of a variable's type that read such a value from it."""
    module = type_.head.rpartition(".")[0].rpartition("__")[2]
    if not module or module.startswith("Stdlib"):
        return []
    found = []
    for function, made in await asked.values(place.start, module):
        takes, gives = parameters(made)
        if len(takes) != 1 or takes[0].label or takes[0].argument.is_variable or gives.is_variable:
            continue
        if not fits(takes[0].argument, type_) or not fits(gives, wanted):
            continue
        if function == name or not _is_common(wanted):
            cost = NAMED if function == name else OTHER
            found.append((f"{module}.{function} {variable}", cost + READ))
    return found


def _each_once(found: Sequence[Value]) -> Iterator[Value]:
    """Without the ways that differ from an earlier one only in a module's name before the field."""
    seen = set()
    for value in found:
        plain = ".".join(part for part in value.text.split(".") if not part[:1].isupper())
        if " " in value.text or plain not in seen:
            seen.add(plain)
            yield value
