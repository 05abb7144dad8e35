"""What speaks for and against an edit: sparse features by name, which the weights of `ranking` are for."""

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache

from attrs import define, field

from lsp_aid.ocaml.tokens import tokens
from lsp_aid.repair.search import fluency, habits, phrases
from lsp_aid.repair.search.edit import Edit, words
from lsp_aid.repair.search.explore import Fault, Found, is_expression
from lsp_aid.repair.search.fluency import Context, Fluency
from lsp_aid.repair.search.habits import Habits
from lsp_aid.repair.search.outlines import shape, split_type
from lsp_aid.repair.search.phrases import Phrases
from lsp_aid.repair.search.program import Node, Program
from lsp_aid.repair.similarity import similarity

_NAME = re.compile(r"[a-z_][\w']*$")
_VARIABLE = re.compile(r"'(?:weak)?[a-z_]\w*")
_VALUE = re.compile(r"\s*val [^:]+ : ([^\0]*)")
_AND_MORE = re.compile(r"\n(?=val |type |exception )")
_HINT = re.compile(r"(?i)string|list|^is|sum|count|len|num|digit|max|min|average|float|(?:^|_)int|rev|sort|find|mem")
_NO_NAMES = frozenset(("true", "false", "not", "mod", "fun"))


likeness = lru_cache(4096)(similarity)


@lru_cache(64)
def _context(program: Program) -> Context:
    return Context.of(program.text)


@lru_cache(64)
def _row(program: Program) -> Context:
    """The tokens themselves, without parentheses."""
    counted = [token for token in tokens(program.text) if not token.is_comment and token.text not in ("(", ")")]
    return Context([token.start for token in counted], [token.text for token in counted])


@define(eq=False, slots=False)
class Features:
    """Computes the features of edits that remove one fault."""

    fault: Fault
    language: Fluency = field(factory=fluency.shipped)
    habits: Habits = field(factory=habits.shipped)
    phrases: Phrases = field(factory=phrases.shipped)
    signatures: Counter[str] = field(factory=Counter)
    total: int = 0
    _known: dict[Edit, dict[str, float]] = field(factory=dict)
    _usual: dict[Node, Mapping[tuple[str, ...], int]] = field(factory=dict)
    _guessed: dict[tuple[str, int], float] = field(factory=dict)

    def note(self, found: Sequence[Found]) -> None:
        """The edits that remain, of which some agree with others on the types."""
        self.signatures = Counter(one.judgement.signature for one in found)
        self.total = len(found)

    def of(self, found: Found) -> dict[str, float]:
        parts = found.edit.parts or (found.edit,)
        made: dict[str, float] = {}
        for edit in parts:
            for name, value in self.of_edit(edit).items():
                made[name] = made.get(name, 0.0) + value / len(parts)
        if len(parts) > 1:
            made["parts"] = len(parts) - 1
            made["parts alike"] = float(len({edit.kind for edit in parts}) == 1)
        made.update(self._of_result(found))
        return made

    def quick(self, edit: Edit, table: Mapping[str, float]) -> float:
        """A first guess at the score of an edit, from its kind and where it is."""
        known = self._guessed.get((edit.kind, edit.node.index))
        if known is None:
            known = self._guessed[edit.kind, edit.node.index] = self._guess(edit, table)
        return known

    def _guess(self, edit: Edit, table: Mapping[str, float]) -> float:
        kind, node, where = edit.kind, edit.node, self.relation(edit)
        found = table.get(f"kind {kind}", 0.0) + table.get(f"where {where}", 0.0)
        found += table.get(f"kind {kind} {where}", 0.0) + table.get(f"node {node.kind} {kind}", 0.0)
        wanted = self.fault.fits.get(node.index)
        return found if wanted is None else found + table.get(f"wanted {shape(wanted)} {kind}", 0.0)

    def of_edit(self, edit: Edit) -> dict[str, float]:
        """The features of an edit before it is checked."""
        if edit.noted is not None:
            return edit.noted
        made = self._known.get(edit)
        if made is None:
            made = self._known[edit] = {}
            for name, value in self._of_edit(edit):
                made[name] = made.get(name, 0.0) + value
        return made

    # --- the edit and where it is ---

    def _of_edit(self, edit: Edit) -> Iterator[tuple[str, float]]:
        kind = edit.kind
        where = self.relation(edit)
        group = kind.split(" ")[0]
        yield f"kind {kind}", 1.0
        yield f"where {where}", 1.0
        yield f"kind {kind} {where}", 1.0
        node = edit.node
        yield f"role {node.role} {group}", 1.0
        yield f"node {node.kind} {kind}", 1.0
        if node.parent is not None:
            parent = f"{node.parent.kind}{node.parent.operator if node.parent.kind == 'infix' else ''}"
            yield f"parent {parent} {node.role}", 1.0
            yield f"parent {parent} {group}", 1.0
        if is_expression(node):
            yield from self._of_types(node, kind)
        yield from self._of_size(edit)
        yield from self._of_names(edit)
        yield from self._of_phrases(edit)
        if self.language.counts:
            yield from fluency.of_changes(self.language, _context(node.program), edit.changes)

    def relation(self, edit: Edit) -> str:
        """How the place of an edit lies to the span that the compiler blames."""
        start, end = self.fault.start, self.fault.end
        node = edit.node
        if (node.start, node.end) == (start, end) or (node.outer_start, node.outer_end) == (start, end):
            return "same"
        if start <= node.start and node.end <= end:
            return "inside" if self._distance(node) <= 1 else "deep inside"
        if node.start <= start and end <= node.end:
            distance = self._distance(node)
            return f"around {min(distance, 4)}"
        blamed = self._blamed
        if blamed is not None and blamed.parent is not None and node.parent is blamed.parent:
            return "beside"
        above, below = blamed.parent if blamed is not None else None, node.parent
        if above is not None and below is not None and (below is above.parent or below.parent is above):
            return "beside parent"
        if blamed is not None and node.is_pattern and any(name == blamed.text for name in _names_of(node)):
            return "binder"
        return "before" if node.start < start else "behind"

    def _distance(self, node: Node) -> int:
        """How many nodes lie between this one and the blamed one, one around the other."""
        if self._blamed is None:
            return 4
        return abs(node.depth - self._blamed.depth)

    @cached_property
    def _blamed(self) -> Node | None:
        best: Node | None = None
        for node in self.fault.nodes:
            if node.outer_start <= self.fault.start and self.fault.end <= node.outer_end:
                best = node
        return best

    @cached_property
    def _smallest(self) -> frozenset[int]:
        """The places where a hole helps, below which none helps."""
        inner: set[int] = set()
        for node in self.fault.nodes:
            if node.index in self.fault.fits:
                inner.update(above.index for above in node.ancestors())
        return frozenset(index for index in self.fault.fits if index not in inner)

    def _of_types(self, node: Node, kind: str) -> Iterator[tuple[str, float]]:
        fault = self.fault
        if node.index in self._smallest:
            yield "smallest", 1.0
        if node.index not in fault.fits:
            return
        wanted = shape(fault.fits[node.index])
        yield f"wanted {wanted}", 1.0
        yield f"wanted {wanted} {kind}", 1.0
        own = fault.clashes.get(node.index)
        if own is None:
            yield "not right in itself", 1.0
            yield f"not right in itself {kind}", 1.0
        else:
            clash = f"{shape(own)}>{wanted}"
            yield f"clash {clash}", 1.0
            yield f"clash {clash} {kind}", 1.0

    # --- sizes ---

    def _of_size(self, edit: Edit) -> Iterator[tuple[str, float]]:
        gone, new = (sum(count for word, count in words.items() if word not in ("(", ")")) for words in edit.exchanged)
        yield "gone", math.log1p(gone)
        yield f"gone {min(gone, 6)}", 1.0
        yield "new", math.log1p(new)
        yield f"new {min(new, 4)}", 1.0
        if gone == new == 0:
            yield "order alone", 1.0
        if gone > 8:
            yield "gone much", math.log(gone / 8)
        old, come = edit.exchanged
        lost = sum(count for word, count in old.items() if word[0].isalnum())
        made = sum(count for word, count in come.items() if word[0].isalnum())
        yield "names and literals gone", min(lost, 5)
        if lost > made:
            yield "names and literals fewer", min(lost - made, 5)

    # --- names ---

    @cached_property
    def _uses(self) -> Counter[str]:
        """How often each name stands in the item."""
        return Counter(words(self.fault.program.text[self.fault.region.start : self.fault.region.end]))

    @cached_property
    def _bound(self) -> Counter[str]:
        return Counter(name for node in self.fault.nodes if node.is_pattern for name in _own_names(node))

    def _of_names(self, edit: Edit) -> Iterator[tuple[str, float]]:
        for name in edit.added:
            if not _NAME.match(name) or name in _NO_NAMES:
                yield f"adds {name[:12]}", 1.0
                continue
            bound, uses = self._bound.get(name, 0), self._uses.get(name, 0)
            if bound and uses <= bound:
                yield "adds unused name", 1.0
            elif bound:
                yield "adds local name", 1.0
                yield "adds local name used", math.log1p(uses - bound)
            else:
                yield f"adds other name used {min(uses, 2)}", 1.0
            node = edit.node
            around = self._text(node.parent) if node.parent is not None else ""
            if re.search(rf"(?<![\w'.]){re.escape(name)}(?![\w'])", around):
                yield "adds name that is beside", 1.0
            if node.kind == "var" and "." not in node.text:
                yield "name alike", likeness(node.text, name)

    def _text(self, node: Node) -> str:
        return self.fault.program.text[node.start : node.end]

    # --- what many write ---

    def _of_phrases(self, edit: Edit) -> Iterator[tuple[str, float]]:
        """Whether what the edit leaves, or what is around it then, is what many have there."""
        best, size = 0, 0
        if not edit.changes:
            return
        for node in itertools.islice((edit.node, *edit.node.ancestors()), 4):
            if not is_expression(node) or node.size > phrases.MOST_TOKENS or not _is_within(edit, node):
                continue
            is_whole = edit.changes[0][0] < node.start
            after = edit.changes[0][2] if is_whole else edit.apply(node.program.text, node.start, node.end)
            tokens_after = phrases.bare(after)
            known = self._usual.get(node)
            if known is None:
                known = self._usual[node] = self.phrases.usual(node)
            count = known.get(tokens_after, 0)
            if count > best:
                best, size = count, len(tokens_after)
        if best:
            yield "usual phrase", 1.0
            yield "usual phrase groups", math.log(best)
            yield "usual phrase size", math.log1p(size)
            yield f"usual phrase {min(best.bit_length(), 5)} {'short' if size < 3 else 'long'}", 1.0

    # --- what comes out ---

    def _of_result(self, found: Found) -> dict[str, float]:
        made: dict[str, float] = {}
        signature = found.judgement.signature
        own = _AND_MORE.split(signature)[0]
        variables = Counter(_VARIABLE.findall(own))
        made["type variables"] = min(len(variables), 4)
        made["lone type variables"] = sum(count == 1 for count in variables.values())
        made["weak"] = float("'_weak" in signature)
        for name in (*_type_features(signature), *self._of_names_and_types(signature)):
            made[name] = made.get(name, 0.0) + 1.0
        made.update(self._of_habits(signature))
        made["length of type"] = math.log1p(len(own.split()))
        share = self.signatures[signature] / max(1, self.total)
        made["agreement"] = share
        made["log agreement"] = math.log(max(share, 1e-3))
        made.update(self._of_unused(found))
        made.update(self._of_pairs(found))
        return made

    def _of_habits(self, signature: str) -> dict[str, float]:
        """Whether values have the types that values of their names usually have."""
        shares = [
            share for name, type_ in habits.values(signature) if (share := self.habits.share(name, type_)) is not None
        ]
        if not shares:
            return {}
        worst = min(shares)
        return {"usual type": worst, "log usual type": math.log(max(worst, 0.01)), "unusual type": float(worst < 0.02)}

    def _of_names_and_types(self, signature: str) -> Iterator[str]:
        """What the first value and its parameters are called, and what types they have."""
        first = _VALUE.match(signature)
        binding = self._first
        if first is None or binding is None:
            return
        kind, parts = split_type(_AND_MORE.split(first[1])[0])
        if kind != "function":
            return
        parameters = binding.all_of("parameter")
        if len(parameters) >= len(parts):
            yield "gives less than is taken"
        for pattern, type_ in zip(parameters, parts, strict=False):
            yield from _named(pattern, type_)
        hint = _HINT.search(binding.kids[0].text)
        if hint is not None and len(parameters) + 1 == len(parts):
            yield f"called {hint[0].lower()} gives {shape(parts[-1])}"

    @cached_property
    def _first(self) -> Node | None:
        """The first binding of the items."""
        return next((kid for root in self.fault.region.roots for kid in root.kids if kid.kind == "binding"), None)

    def _of_unused(self, found: Found) -> dict[str, float]:
        """Whether names that are bound are no longer used, or used at last."""
        gone, come = found.edit.exchanged
        names = {*self._bound, *self._own}
        uses = {name: self._uses[name] - gone[name] + come[name] for name in names}
        before = sum(self._uses[name] <= count for name, count in self._bound.items())
        after = sum(0 < uses[name] <= count for name, count in self._bound.items())
        made = {"unused more": float(max(0, after - before)), "unused less": float(max(0, before - after))}
        made["recursion lost"] = float(self._self_calls(self._uses) > 0 and self._self_calls(uses) == 0)
        return made

    def _self_calls(self, uses: Mapping[str, int]) -> int:
        return sum(uses[name] - 1 for name in self._own)

    @cached_property
    def _own(self) -> list[str]:
        return self.fault.region.defined

    @cached_property
    def _pairs(self) -> frozenset[tuple[str, str]]:
        return frozenset(itertools.pairwise(_bare(self.fault.program.text)))

    def _of_pairs(self, found: Found) -> dict[str, float]:
        """Neighbouring tokens that are new: whether the program has them elsewhere."""
        fresh: list[tuple[str, str]] = []
        for edit in (found.edit,) if found.edit.changes else found.edit.parts:
            row = _row(edit.node.program)
            for start, end, text in edit.changes:
                before, old, after = row.around(start, end)
                there = Counter(itertools.pairwise([before[-1], *old, *after[:1]]))
                fresh += (Counter(itertools.pairwise([before[-1], *_bare(text), *after[:1]])) - there).elements()
        if not fresh:
            return {}
        known = sum(pair in self._pairs for pair in fresh)
        return {"known neighbours": known / len(fresh), "unknown neighbours": math.log1p(len(fresh) - known)}


@lru_cache(512)
def _type_features(signature: str) -> tuple[str, ...]:
    """The outlines of what the first value of the items takes and gives."""
    first = _VALUE.match(signature)
    if first is None:
        return ()
    kind, parts = split_type(_AND_MORE.split(first[1])[0])
    if kind != "function":
        return (f"is {shape(parts[0]) if kind == 'other' else kind}",)
    return (f"gives {shape(parts[-1])}", *(f"takes {shape(part)}" for part in parts[:-1]))


def _named(pattern: Node, type_: str) -> Iterator[str]:
    if pattern.kind == "pvar":
        name = pattern.text.rstrip("0123456789'_")
        yield f"{name if len(name) <= 2 else name[:1] + '..'} is {shape(type_)}"
    elif pattern.kind == "ptuple":
        kind, parts = split_type(type_)
        if kind == "tuple":
            for kid, part in zip(pattern.kids, parts, strict=False):
                yield from _named(kid, part)


def _is_within(edit: Edit, node: Node) -> bool:
    return all(node.start <= start and end <= node.end for start, end, _ in edit.changes) or (
        len(edit.changes) == 1 and edit.changes[0][:2] == (node.outer_start, node.outer_end)
    )


def _bare(text: str) -> list[str]:
    return [word for word in words(text) if word not in ("(", ")")]


def _names_of(node: Node) -> Iterator[str]:
    for part in node.walk():
        if part.kind == "pvar":
            yield part.text


def _own_names(node: Node) -> Iterator[str]:
    if node.kind == "pvar":
        yield node.text
