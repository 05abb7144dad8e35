"""The bodies that a missing case can have, each with the rule that determines it. See `missing_cases` for the rules."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

from attrs import define, frozen

from lsp_aid.ocaml.syntax import Node, bound_names
from lsp_aid.repair.layout import with_comment_above
from lsp_aid.repair.slips.usual import KEYWORDS

_CONSTRUCTED = re.compile(r"(?P<path>(?:[A-Z][\w']*\.)*)(?P<name>`?[A-Za-z][\w']*)\s*(?P<payload>\(?[\s_,()]*\)?)")
_NEUTRAL = {
    "+": "0", "*": "1", "+.": "0.", "*.": "1.", "^": '""', "@": "[]", "::": "[]", "&&": "true", "||": "false",
}  # fmt: skip
_FOR_EFFECT = re.compile(
    r"(?:(?:Stdlib\.)?(?:print_\w+|prerr_\w+|ignore|incr|decr|output_\w+|exit)|(?:Printf|Format)\.e?printf"
    r"|(?:Format\.)?(?:Printf\.)?fprintf|\w+\.iteri?|Hashtbl\.(?:add|replace|remove|reset|clear)"
    r"|(?:Queue|Stack)\.(?:add|push|clear)|Buffer\.(?:add_\w+|clear|reset))"
)
_WORDS = re.compile(r"_|(?<=[a-z0-9])(?=[A-Z])")
_NEGATED = frozenset(("not", "no", "but", "except", "unless", "without", "never"))
_DEFAULTS = ("default", "fallback", "otherwise")


@frozen
class Body:
    """The text of a case, its pattern with the names that the body needs. `rule` names what determines it."""

    rule: str
    pattern: str
    text: str
    weight: float


@define(frozen=True, slots=False)
class Missing:
    """A case to be added. `pattern` is as it would be written with a `_` for each part."""

    pattern: str
    place: int = 0  # its number among those that are missing
    order: tuple[str, ...] = ()  # the constructors of its type, as that has them, where it is known

    @cached_property
    def _match(self) -> re.Match[str] | None:
        return _CONSTRUCTED.fullmatch(self.pattern)

    @property
    def constructor(self) -> str:
        """Empty where the pattern is more than a constructor and what it carries."""
        return self._match["name"] if self._match else ""

    @property
    def arity(self) -> int:
        return self._match["payload"].count("_") if self._match else 0

    def naming(self, names: Sequence[str]) -> str:
        """The pattern with these names for what the constructor carries."""
        assert self._match is not None  # only patterns with a constructor carry anything
        head = self._match["path"] + self._match["name"]
        if not names or set(names) == {"_"}:
            return self.pattern
        return f"{head} {names[0]}" if len(names) == 1 else f"{head} ({', '.join(names)})"


def skeleton(case: Missing) -> Body:
    what = (case.constructor or case.pattern).replace("\\", "\\\\").replace('"', '\\"')
    return Body("skeleton", case.pattern, f'failwith "TODO: {"other cases" if what == "_" else what}"', 0.5)


def determined(case: Missing, others: Sequence[Node], matching: Node) -> list[Body]:
    """All bodies that a rule determines, the likeliest first."""
    found = [body for rule in _RULES for body in rule(case, others, matching)]
    return sorted(found, key=lambda body: -body.weight)


_Rule = Callable[[Missing, Sequence[Node], Node], Iterator[Body]]


def _bodies(others: Sequence[Node]) -> list[Node]:
    return [body for case in others if (body := case.field("body"))]


# --- the same but for the constructor ---


def _by_pattern(case: Missing, others: Sequence[Node], matching: Node) -> Iterator[Body]:
    if len(others) < 2 or not case.constructor:
        return
    for separator in ("_", " ", "-"):
        templates = {_template(other, separator) for other in others}
        template = templates.pop()
        if templates or template is None or "\0" not in template:
            continue
        used = {int(place) for place in re.findall(r"\0P(\d)\0", template)}
        if all(place < case.arity for place in used):
            names = _payload_names(case, others, used, template)
            text = re.sub(r"\0P(\d)\0", lambda m, names=names: names[int(m[1])], template)  # type: ignore[misc]
            yield Body("pattern", case.naming(names), _filled(text, case.constructor, separator), 0.9)
        return


def _template(case: Node, separator: str) -> str | None:
    """The body with marks in the place of the constructor's name and of what it carries; None without constructor."""
    pattern, body = case.field("pattern"), case.field("body")
    if pattern is None or body is None or case.child("guard"):
        return None
    path = next(pattern.walk("constructor_path", "tag"), None)
    if path is None or path.start != pattern.start:
        return None
    payload = [name.text for name in _payload(pattern)]
    text, at, marked = body.syntax.text, body.start, ""
    for node in body.walk("value_path"):
        if node.text in payload:
            marked += f"{_named(text[at : node.start], path.text, separator)}\0P{payload.index(node.text)}\0"
            at = node.end
    return re.sub(r"\s+", " ", marked + _named(text[at : body.end], path.text, separator))


def _forms(constructor: str, separator: str) -> tuple[str, ...]:
    """How the constructor's name may appear: `Dark_grey`, `dark_grey`, `DARK_GREY`, `Dark_Grey`, so separated."""
    name = constructor.rpartition(".")[2].lstrip("`")
    words = separator.join(part for part in _WORDS.split(name) if part)
    return (name.replace("_", separator), words.lower(), words.upper(), words.title(), words.capitalize())


def _named(text: str, constructor: str, separator: str) -> str:
    """Marks the constructor's name: `C` and the number of its form in code, `S` in strings."""

    def in_part(part: str, letter: str, separator: str) -> str:
        known = {form: number for number, form in reversed(list(enumerate(_forms(constructor, separator))))}
        words = "|".join(re.escape(form) for form in sorted(known, key=len, reverse=True))
        whole = re.compile(rf"(?<![A-Za-z0-9'])(?:{words})(?![A-Za-z0-9'])")
        return whole.sub(lambda m: f"\0{letter}{known[m[0]]}\0", part)

    own = _forms(constructor, "_")[1]
    if own in KEYWORDS:  # which is named `done_` where it stands for itself
        text = re.sub(rf"\b{own}_\b", own, text)
    parts = re.split(r'("(?:[^"\\]|\\.)*")', text)
    return "".join(in_part(p, "S", separator) if n % 2 else in_part(p, "C", "_") for n, p in enumerate(parts))


def _filled(text: str, constructor: str, separator: str) -> str:
    for letter, by in (("S", separator), ("C", "_")):
        for number, form in enumerate(_forms(constructor, by)):
            if letter == "C" and form in KEYWORDS:
                text = re.sub(rf"\0C{number}\0(?!\w)", f"{form}_", text)
            text = text.replace(f"\0{letter}{number}\0", form)
    return text


_CARRYING = ("constructor_pattern", "tag_pattern")


def _payload(pattern: Node) -> list[Node]:
    """The parts of a constructor's pattern: `a` and `b` of `C (a, b)`."""
    carried = pattern.field("pattern") if pattern.kind in _CARRYING else None
    while carried is not None and carried.kind == "parenthesized_pattern":
        carried = carried.named_children[0]
    if carried is None:
        return []
    return list(carried.named_children) if carried.kind == "tuple_pattern" else [carried]


def _payload_names(case: Missing, others: Sequence[Node], used: set[int], template: str) -> list[str]:
    names = []
    taken = set(re.findall(r"[a-z_]\w*", template))
    for place in range(case.arity):
        if place not in used:
            names.append("_")
            continue
        theirs = [parts[place].text for other in others if len(parts := _payload(_pattern(other))) > place]
        own = case.constructor.lstrip("`")[0].lower()
        name = theirs[0] if len(set(theirs)) == 1 else own
        while name in taken or name in names:
            name += own
        names.append(name)
    return names


def _pattern(case: Node) -> Node:
    pattern = case.field("pattern")
    assert pattern is not None  # a case without one has no template
    return pattern


# --- the same constant ---


def _same(case: Missing, others: Sequence[Node], matching: Node) -> Iterator[Body]:
    bodies = _bodies(others)
    texts = {re.sub(r"\s+", " ", body.text) for body in bodies}
    if len(bodies) < 2 or len(texts) != 1 or texts & {"true", "false"} or _uses_payload(others):
        return
    yield Body("same", case.pattern, texts.pop(), 0.7)


def _uses_payload(others: Sequence[Node]) -> bool:
    for case in others:
        pattern, body = case.field("pattern"), case.field("body")
        names = {name.text for name in bound_names(pattern)} if pattern else set()
        if body and any(node.text in names for node in body.walk("value_path")):
            return True
    return False


# --- a series ---


def _series(case: Missing, others: Sequence[Node], matching: Node) -> Iterator[Body]:
    """The number that goes on with those of the other constructors, in the order of their type: 1, 2, 3, so 4."""
    numbers = [body.text.strip("()") for body in _bodies(others)]
    names = [path.text.rpartition(".")[2] for other in others if (path := _constructor(other)) is not None]
    if len(names) < max(2, len(others)) or not case.constructor or not all(n.lstrip("-").isdecimal() for n in numbers):
        return
    order = list(case.order) or names
    known = {order.index(name): int(number) for name, number in zip(names, numbers, strict=True)}
    place = order.index(case.constructor) if case.constructor in order else len(order) + case.place
    first, *rest = sorted(known)
    step = (known[rest[0]] - known[first]) / (rest[0] - first)
    is_even = all(known[at] == known[first] + step * (at - first) for at in rest)
    if is_even and step == int(step) != 0 and (len(known) > 2 or abs(step) == 1):
        yield Body("series", case.pattern, str(known[first] + int(step) * (place - first)), 0.88)
    elif known[first] > 0 and len(known) > 2 and not is_even:
        factor = (known[rest[0]] / known[first]) ** (1 / (rest[0] - first))
        number = known[first] * factor ** (place - first)
        if all(known[at] == known[first] * factor ** (at - first) for at in rest) and number == int(number):
            yield Body("series", case.pattern, str(int(number)), 0.88)


def _constructor(case: Node) -> Node | None:
    """The constructor that alone makes the pattern of a case."""
    pattern = case.field("pattern")
    if pattern is None or case.child("guard") or pattern.kind not in ("constructor_path", "tag", *_CARRYING):
        return None
    return next(pattern.walk("constructor_path", "tag"), None)


# --- effects ---


def _nothing(case: Missing, others: Sequence[Node], matching: Node) -> Iterator[Body]:
    bodies = _bodies(others)
    if any(_is_unit(body) for body in bodies):
        empty = any(body.text == "()" for body in bodies)
        yield Body("nothing", case.pattern, "()", 0.8 if empty else 0.6)


def _is_unit(body: Node) -> bool:
    """Whether the expression can only be of type unit, by its form or by a function that everyone knows."""
    match body.kind:
        case "unit" | "set_expression" | "while_expression" | "for_expression":
            return True
        case "sequence_expression" | "let_expression":
            return bool(body.named_children) and _is_unit(body.named_children[-1])
        case "if_expression":
            return body.child("else_clause") is None
        case "parenthesized_expression":
            return bool(body.named_children) and _is_unit(body.named_children[0])
        case "infix_expression":
            operator = body.field("operator")
            return operator is not None and operator.text == ":="
        case "application_expression":
            function = body.field("function")
            return function is not None and _FOR_EFFECT.fullmatch(function.text) is not None
    return False


# --- the empty case ---


def _empty(case: Missing, others: Sequence[Node], matching: Node) -> Iterator[Body]:
    heads = {_head(body) for body in _bodies(others) if body.text != "None"}
    if case.pattern in ("None", "_") and heads == {"Some"}:
        yield Body("empty", case.pattern, "None", 0.75)
    elif case.pattern == "_" and len(others) > 1 and {body.text for body in _bodies(others)} == {"true"}:
        yield Body("empty", "_", "false", 0.75)
    elif case.constructor == "Error" and heads == {"Ok"}:
        yield Body("empty", "Error error", "Error error", 0.75)
    elif case.pattern == "[]":
        neutral = {_neutral(body, matching) for body in _bodies(others)}
        if len(neutral) == 1 and (text := neutral.pop()) is not None:
            yield Body("empty", "[]", text, 0.75)


def _head(body: Node) -> str:
    """The constructor that the value of a body surely has."""
    if body.kind == "let_expression" and (inner := body.field("body")):
        return _head(inner)
    function = body.field("function") if body.kind == "application_expression" else None
    return function.text if function and function.kind == "constructor_path" else ""


def _neutral(body: Node, matching: Node) -> str | None:
    """The value with which the recursion in a body ends: `[]` for `f x :: g xs` in `g`."""
    if body.kind == "let_expression" and (inner := body.field("body")):
        return _neutral(inner, matching)
    around = matching.enclosing("let_binding")
    function = around.field("pattern") if around else None
    right = body.field("right")
    if function is None or right is None or not any(n.text == function.text for n in right.walk("value_path")):
        return None
    operator = body.field("operator")
    sign = operator.text if operator else "::" if body.child("::") else ""
    return _NEUTRAL.get(sign)


def _by_name(case: Missing, others: Sequence[Node], matching: Node) -> Iterator[Body]:
    """A parameter whose name says that it is for this."""
    if case.constructor not in ("None", "Error") and case.pattern not in ("[]", "_"):
        return
    for binding in matching.ancestors():
        for parameter in (child for child in binding.children if child.kind == "parameter"):
            for name in bound_names(parameter):
                if name.text in _DEFAULTS:
                    yield Body("name", case.pattern, name.text, 0.8)
                    return


def _said(case: Missing, others: Sequence[Node], matching: Node) -> Iterator[Body]:
    """What the comment above says of it: that has its name among those of the cases with one body, and no other's."""
    definition = matching.enclosing("value_definition")
    if definition is None or not case.constructor or _uses_payload(others):
        return
    text = matching.syntax.text[with_comment_above(definition) : definition.start].lower()
    words = re.findall(r"[a-z0-9]+", text)
    comment = " ".join(words)
    if not _NEGATED.isdisjoint(words):
        return
    named: dict[bool, set[str]] = {True: set(), False: set()}
    for other in others:
        pattern, body = other.field("pattern"), other.field("body")
        if pattern is None or body is None or other.child("guard"):
            return
        for path in pattern.walk("constructor_path", "tag"):
            named[_is_named(path.text, comment)].add(" ".join(body.text.split()))
    if (
        _is_named(case.constructor, comment)
        and len(named[True]) == 1
        and named[False]
        and not named[True] & named[False]
    ):
        yield Body("said", case.pattern, named[True].pop(), 0.82)


def _is_named(constructor: str, comment: str) -> bool:
    return f" {_forms(constructor, ' ')[1]} " in f" {comment} "


_RULES: tuple[_Rule, ...] = (_by_pattern, _series, _same, _nothing, _empty, _by_name, _said)
