"""A phrase book: expressions that many authors wrote, by where they wrote them.

In a phrase, what a parameter, a match or a `let (a, b)` binds is named by how it is bound: `$f#1$` is the second
parameter of `f`, `$case/c0$` the head of a list that is matched. Names that the phrase binds itself come with one that
many chose: `$f#0~0=a$`. So phrases of authors who chose other names are one,
and are filled with the names of the program. The book that ships is written by `tools/fit_ranking.py`; nothing is in it
that fewer than three groups of programs have.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources

from attrs import define, field

from lsp_aid.repair.search.edit import Edit, Piece, Place, piece, replace, words
from lsp_aid.repair.search.program import Node, Program, visible

LEAST_GROUPS = 3
MOST_TOKENS = 26
MOST_HERE = 14
"""So many phrases are tried at one place, of those that are usual just there."""
MOST_USUAL = 80
MOST_ELSEWHERE = 8
"""And of those that are usual in the function or at such places."""

MOST_SPELT = 3
"""Phrases that differ in texts and in names of their own are one, of which the most usual ones are kept."""

_HOLE = re.compile(r"\$([^$\s=]+)(?:=([^$\s]+))?\$")
_TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_NAME = re.compile(r"(?<![\w'.])[a-z_][\w']*")
_PREDEFINED = frozenset(
    re.findall(
        r"\w+",
        """and as begin do done downto else end false for fun function if in let match mod not of rec then to true try
        when while with fst snd abs abs_float sqrt sin cos tan asin acos atan exp log min max truncate float ceil floor
        compare succ pred ref incr print_string print_int print_endline float_of_int int_of_float string_of_int
        string_of_float int_of_string float_of_string string_of_bool""",
    )
)

Uses = Mapping[str, int]


@define(eq=False)
class Phrases:
    """Phrases with how tightly each holds together, how many groups have it at all (under the empty place), and how
    many at which place: `function|place`."""

    known: Mapping[str, tuple[int, Uses]]
    _here: dict[str, list[tuple[int, str]]] = field(init=False)
    _inside: dict[str, list[tuple[int, str]]] = field(init=False)
    _alike: dict[str, list[tuple[int, str]]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        here: dict[str, list[tuple[int, str]]] = defaultdict(list)
        inside: dict[tuple[str, str], int] = defaultdict(int)
        alike: dict[tuple[str, str], int] = defaultdict(int)
        for phrase, (_, uses) in self.known.items():
            for context, count in uses.items():
                if context:
                    function, _, place = context.partition("|")
                    here[context].append((count, phrase))
                    inside[function, phrase] = max(inside[function, phrase], count)
                    alike[place, phrase] += count
        self._here = {context: _best(found, MOST_USUAL) for context, found in here.items()}
        self._inside, self._alike = _grouped(inside), _grouped(alike)

    @classmethod
    def of(cls, programs: Iterable[tuple[str, str]]) -> "Phrases":
        """Of programs that type-check, each with the name of the group that it is from."""
        levels: dict[str, int] = {}
        total: dict[str, set[str]] = defaultdict(set)
        places: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        spelt: dict[str, Counter[str]] = defaultdict(Counter)
        for text, group in programs:
            for node in _expressions(Program.of(text)):
                if node.size > MOST_TOKENS:
                    continue
                key, shown = _abstract(node)
                levels[key] = piece(node).level
                spelt[key][shown] += 1
                total[key].add(group)
                places[key][context_of(node)].add(group)
        known: dict[str, tuple[int, Uses]] = {}
        for key, groups in total.items():
            if len(groups) >= LEAST_GROUPS:
                uses = {context: len(found) for context, found in sorted(places[key].items())}
                for shown, _ in spelt[key].most_common(MOST_SPELT):
                    known[shown] = (levels[key], {"": len(groups), **uses})
        return cls(known)

    def edits(self, place: Place) -> Iterator[Edit]:
        """Phrases in the place of a node, with the names of the program."""
        node = place.node
        context = context_of(node)
        function, _, where = context.partition("|")
        tried: set[str] = set()
        own = " ".join(words(node.text))
        texts = _TEXT.findall(node.text)
        for name, found in (
            ("here", self._here.get(context, ())[:MOST_HERE]),
            ("in function", self._inside.get(function, ())),
            ("at place", self._alike.get(where, ())),
        ):
            for count, phrase in found:
                if phrase in tried:
                    continue
                tried.add(phrase)
                text = filled(_with_texts(phrase, texts), place)
                if text is not None and " ".join(words(text)) != own:
                    kind = f"phrase {name} {min(count.bit_length(), 5)}"
                    yield replace(node, Piece(text, self.known[phrase][0]), kind)

    def usual(self, node: Node) -> Mapping[tuple[str, ...], int]:
        """What many authors have where the node is, by its tokens without parentheses, and how many groups do."""
        place = Place(node, node.program)
        known: dict[tuple[str, ...], int] = {}
        for count, phrase in self._here.get(context_of(node), ()):
            text = filled(phrase, place)
            if text is not None:
                known.setdefault(bare(text), count)
        return known


def bare(text: str) -> tuple[str, ...]:
    """The tokens without parentheses."""
    return tuple(word for word in words(text) if word not in ("(", ")"))


def _with_texts(phrase: str, texts: Sequence[str]) -> str:
    """A phrase with the texts that stand where it is to stand, if these are as many."""
    if not texts or len(_TEXT.findall(phrase)) != len(texts):
        return phrase
    own = iter(texts)
    return _TEXT.sub(lambda _: next(own), phrase)


def _best(found: list[tuple[int, str]], most: int) -> list[tuple[int, str]]:
    return sorted(found, key=lambda one: (-one[0], one[1]))[:most]


def _grouped(counts: Mapping[tuple[str, str], int]) -> dict[str, list[tuple[int, str]]]:
    grouped: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for (group, phrase), count in counts.items():
        grouped[group].append((count, phrase))
    return {group: _best(found, MOST_ELSEWHERE) for group, found in grouped.items()}


def _expressions(program: Program) -> Iterator[Node]:
    for item in program.items:
        for node in program.tree(item).walk():
            if not node.is_pattern and node.kind not in ("item", "binding", "arm", "labeled"):
                yield node


# --- where a phrase stands ---


def context_of(node: Node) -> str:
    """The function that a node is in, and what it is there."""
    outermost = node
    for above in node.ancestors():
        if above.kind == "binding":
            outermost = above
    name = outermost.kids[0].text if outermost.kind == "binding" and outermost.kids else ""
    return f"{name}|{_place_of(node)}"


def _place_of(node: Node) -> str:
    parent, role = node.parent, node.role
    if parent is None:
        return role
    if role == "value":
        return f"value {parent.kids[0].text}" if parent.kids[0].kind == "pvar" else f"value {parent.kids[0].kind}"
    if role == "case":
        return f"case {_head(parent.kids[0])}"
    if role == "argument":
        head = parent.kids[0].text if parent.kids[0].kind in ("var", "construct") else "?"
        return f"argument {parent.kids.index(node)} of {head}"
    if role in ("left", "right"):
        return f"{role} of {parent.operator}"
    if role == "element":
        return f"element {parent.kids.index(node)} of {parent.kind} {len(parent.kids)}"
    return f"{role} of {parent.kind}"


def _head(pattern: Node) -> str:
    if pattern.kind == "pconstr":
        return pattern.operator
    return pattern.text if pattern.kind == "pconst" else pattern.kind


# --- how names are bound ---


@lru_cache(16)
def _bound(root: Node) -> dict[int, Node]:
    return {node.start: node for node in root.walk() if node.kind == "pvar"}


def _root(node: Node) -> Node:
    return next((above for above in node.ancestors() if above.parent is None), node)


def _how(pattern: Node) -> str:
    """How a name is bound; empty where it is the name of a definition, which is known by that."""
    path = ""
    at = pattern
    while at.parent is not None and at.parent.is_pattern:
        number = at.parent.kids.index(at)
        letter = {"ptuple": "t", "pcons": "c", "plist": "l"}.get(at.parent.kind, at.parent.operator or ".")
        path = f"/{letter}{number}{path}"
        at = at.parent
    above = at.parent
    if above is None or (above.kind == "binding" and at.role == "pattern" and not path):
        return ""
    if at.role == "parameter":
        owner = above.kids[0].text if above.kind == "binding" and above.kids[0].kind == "pvar" else "fun"
        return f"{owner}#{above.all_of('parameter').index(at)}{path}"
    return f"{'let' if above.kind == 'binding' else 'case'}{path}"


def _holes(node: Node) -> dict[str, str]:
    """For each local name at a node that is not known by itself: how it is bound. Of two that are bound alike the outer
    has a mark."""
    binders = _bound(_root(node))
    named: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for name, where in visible(node):
        pattern = binders.get(where)
        how = _how(pattern) if pattern is not None else ""
        if how:
            named[name] = f"{how}~{seen[how]}" if seen[how] else how
            seen[how] += 1
    return named


def _own(node: Node) -> dict[int, str]:
    """The names that a node binds itself, by where they are bound: how, and which one of those that are bound so."""
    seen: Counter[str] = Counter()
    found: dict[int, str] = {}
    for part in node.walk():
        if part.kind == "pvar":
            how = _how(part) or "name"
            found[part.start] = f"{how}~{seen[how]}"
            seen[how] += 1
    return found


def _abstract(node: Node) -> tuple[str, str]:
    """A node's text with holes for names and texts: for comparing, and to be read, where holes for names that the node
    binds itself have these names."""
    program = node.program
    outside, inner = _holes(node), _own(node)
    changes: list[tuple[int, int, str, str]] = []
    for part in node.walk():
        if part.kind == "pvar":
            label = inner[part.start]
            changes.append((part.start, part.end, f"${label}$", f"${label}={part.text}$"))
        elif part.kind == "const" and part.text.startswith('"'):
            changes.append((part.start, part.end, '"s"', part.text))
        elif part.kind == "var" and "." not in part.text:
            where = dict(visible(part)).get(part.text, -1)
            if where in inner:
                changes.append((part.start, part.end, f"${inner[where]}$", f"${inner[where]}={part.text}$"))
            elif where >= 0 and part.text in outside:
                hole = f"${outside[part.text]}$"
                changes.append((part.start, part.end, hole, hole))
    keys: list[str] = []
    shown: list[str] = []
    at = node.start
    for start, end, key, name in sorted(changes):
        keys += (program.text[at:start], key)
        shown += (program.text[at:start], name)
        at = end
    rest = program.text[at : node.end]
    return _on_one_line([*keys, rest]), _on_one_line([*shown, rest])


def _on_one_line(parts: list[str]) -> str:
    return " ".join("".join(parts).split())


def filled(phrase: str, place: Place) -> str | None:
    """A phrase with the names of a place; None where one is missing. Names of its own are those that stand there."""
    outside, inner = _named(place.node), _named_inside(place.node)
    missing = False

    def name(hole: re.Match[str]) -> str:
        nonlocal missing
        if hole[2]:
            return inner.get(hole[1], hole[2])
        found = outside.get(hole[1])
        missing = missing or found is None
        return found or ""

    text = _HOLE.sub(name, phrase)
    return None if missing or any(known not in place.program.text for known in _free(phrase)) else text


@lru_cache(256)
def _named(node: Node) -> dict[str, str]:
    return {how: name for name, how in _holes(node).items()}


@lru_cache(256)
def _named_inside(node: Node) -> dict[str, str]:
    bound = _bound(_root(node))
    return {how: bound[start].text for start, how in _own(node).items()}


@lru_cache(1 << 13)
def _free(phrase: str) -> tuple[str, ...]:
    """The names that must be known where the phrase is to stand, holes apart."""
    return tuple(set(_NAME.findall(_TEXT.sub("", _HOLE.sub(" ", phrase)))) - _PREDEFINED)


@cache
def shipped() -> Phrases:
    """The book that ships."""
    source = resources.files("lsp_aid.repair.search") / "phrases.json"
    loaded = json.loads(source.read_text(encoding="utf-8")) if source.is_file() else {}
    return Phrases({phrase: (level, uses) for phrase, (level, uses) in loaded.items()})
