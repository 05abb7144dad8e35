"""Finds edits after which a module type-checks: first where the faults can be, then what can be done there.

A *hole* is an expression of any type. Where a hole in the place of a node leaves the module without error, the fault
can be there, and the type that is expected there is known. Several faults that have nothing to do with each other are
told apart by putting holes where the compiler blames the code until it has nothing more to say; each is then searched
with holes for the others, and what was found for each is put together.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType

from attrs import define, evolve, field, frozen

from lsp_aid.domain.typed import Judgement, Told, Variant
from lsp_aid.repair.search import (
    branches,
    by_type,
    calls,
    constructors,
    declarations,
    functions,
    lists,
    names,
    operators,
    synthesis,
)
from lsp_aid.repair.search.annotated import Annotation, beside
from lsp_aid.repair.search.edit import Edit, Piece, Place, keeps_enough, replace
from lsp_aid.repair.search.oracle import Oracle
from lsp_aid.repair.search.outlines import argument_of, can_be, shape
from lsp_aid.repair.search.phrases import Phrases
from lsp_aid.repair.search.program import Node, Program

EXPRESSION_FAMILIES = (names, operators, calls, lists, constructors, branches, functions, synthesis)
HOLE = "(assert false)"
_CUT = "Obj.magic"
MOST_FAULTS = 8
MOST_ALIKE = 20
MOST_NODES_EVERYWHERE = 400
MOST_PAIRS = 500
BEST_PAIRS = 6


@define(eq=False, slots=False)
class Fault:
    """A fault and where it may come from: `[start, end)` is what the compiler blames.

    `others` are the holes for the other faults. `fits`: the nodes that can be replaced so that there is no error any
    more, with the type that is expected there; `clashes`: those that are right in themselves and do not fit their
    context, with their own type.
    """

    region: "Region"
    start: int
    end: int
    others: tuple[Edit, ...] = ()
    fits: dict[int, str] = field(factory=dict)
    clashes: dict[int, str] = field(factory=dict)

    @property
    def program(self) -> Program:
        return self.region.program

    @property
    def nodes(self) -> list[Node]:
        return self.region.nodes

    def variant(self, edit: Edit) -> str | None:
        """The region with the edit, and with holes for the other faults; None where they are in each other's way."""
        if not self.others:
            return self.region.with_changes(edit.changes)
        changes = merged([edit, *self.others])
        return None if changes is None else self.region.with_changes(changes)


@define(eq=False, slots=False)
class Region:
    """The part of a program, whole items, that has the errors; what stands before and behind is right."""

    program: Program
    start: int
    end: int
    nodes: list[Node] = field(factory=list, repr=False)
    roots: list[Node] = field(factory=list, repr=False)
    annotated: tuple[Annotation, ...] = ()
    """What stands beside the changes wherever the region is judged."""
    _places: dict[int, Place] = field(factory=dict, repr=False)
    _made: dict[tuple[int, ModuleType], tuple[Edit, ...]] = field(factory=dict, repr=False)
    _phrases: dict[int, tuple[Edit, ...]] = field(factory=dict, repr=False)

    def place(self, node: Node) -> Place:
        place = self._places.get(node.index)
        if place is None:
            place = self._places[node.index] = Place(node, self.program)
        return place

    def edits(self, node: Node, family: ModuleType) -> tuple[Edit, ...]:
        """What a family makes of a node, for whatever fault."""
        made = self._made.get((node.index, family))
        if made is None:
            made = self._made[node.index, family] = tuple(family.edits(self.place(node)))
        return made

    def phrases(self, node: Node, book: Phrases) -> tuple[Edit, ...]:
        """What the phrase book has for a node."""
        made = self._phrases.get(node.index)
        if made is None:
            made = self._phrases[node.index] = tuple(book.edits(self.place(node)))
        return made

    @property
    def head(self) -> str:
        return self.program.text[: self.start]

    @property
    def tail(self) -> str:
        return self.program.text[self.end :]

    @property
    def without_annotations(self) -> "Region":
        return evolve(self, annotated=())

    @property
    def defined(self) -> list[str]:
        """The names that its items define."""
        patterns = (p for root in self.roots for kid in root.kids for p in kid.all_of("pattern"))
        return [pattern.text for pattern in patterns if pattern.kind == "pvar"]

    def placed(self, changes: Iterable[tuple[int, int, str]]) -> Sequence[tuple[int, int, str]]:
        """The changes and the annotations in their order."""
        return beside(changes, self.annotated) if self.annotated else tuple(changes)

    def with_changes(self, changes: Iterable[tuple[int, int, str]]) -> str:
        text, at = self.program.text, self.start
        pieces: list[str] = []
        for first, last, new in self.placed(changes):
            pieces += (text[at:first], new)
            at = last
        pieces.append(text[at : self.end])
        return "".join(pieces)


@frozen
class Found:
    """An edit after which the program type-checks."""

    edit: Edit
    text: str
    judgement: Judgement
    fault: Fault


def merged(edits: Sequence[Edit]) -> tuple[tuple[int, int, str], ...] | None:
    """All changes of these edits in order; None where two overlap."""
    changes = sorted({change for edit in edits for change in edit.changes})
    for first, second in itertools.pairwise(changes):
        if second[0] < first[1] or (second[0] == first[0] and second[1] == first[1]):
            return None
    return tuple(changes)


_NO_EXPRESSIONS = frozenset(("item", "binding", "arm", "labeled"))


def is_expression(node: Node) -> bool:
    return not node.is_pattern and node.kind not in _NO_EXPRESSIONS


async def locate(
    program: Program, oracle: Oracle, *, first: bool = False
) -> tuple[Region, list[tuple[int, int]], list[Edit]] | None:
    """The region in error, the spans that the compiler blames one after the other, and holes that silence them all.

    None where there is no error. `first`: only the first span is wanted.
    """
    text = program.text
    (answer,) = await oracle.judge("", [Variant(text)], "", told=Told.ALL)
    if answer.ok:
        return None
    item = program.item_at(answer.start)
    if item is None:
        return None
    region = Region(program, item.start, item.end)
    _grow(region, item.end)
    if first:
        return region, [(answer.start, answer.end)], []
    return await _blamed(region, (answer.start, answer.end), oracle)


async def _blamed(
    region: Region, span: tuple[int, int], oracle: Oracle
) -> tuple[Region, list[tuple[int, int]], list[Edit]]:
    """The region, the spans that the compiler blames after the first one, and holes that silence them all."""
    program = region.program
    spans = [span]
    holes: list[Edit] = []
    for _ in range(MOST_FAULTS):
        start, end = spans[-1]
        if end > region.end and not region.annotated:
            later = program.item_at(start)
            if later is None:
                break
            _grow(region, later.end)
        hole = _hole_for(region, start, end, holes)
        if hole is None:
            break
        holes = [old for old in holes if not _inside(old.node, hole.node)] + [hole]
        changes = merged(holes)
        if changes is None:
            break
        variant = Variant(region.with_changes(changes))
        (answer,) = await oracle.judge(region.head, [variant], region.tail, told=Told.ALL)
        if answer.ok:
            return region, spans, holes
        if answer.part == 0:
            break
        if answer.part == 1:
            moved = region.placed(changes)
            places = [unshifted(region.start + at, moved) for at in (answer.start, answer.end)]
        else:
            places = [region.end + at for at in (answer.start, answer.end)]
        spans.append((places[0], places[1]))
    return region, spans[:1], []


def _grow(region: Region, end: int) -> None:
    """Takes in the items up to `end`."""
    region.end = max(region.end, end)
    region.roots = [region.program.tree(i) for i in region.program.items if region.start <= i.start < region.end]
    region.nodes = []
    for root in region.roots:
        for node in root.walk():
            node.index = len(region.nodes)
            region.nodes.append(node)


def _inside(node: Node, other: Node) -> bool:
    return other.outer_start <= node.outer_start and node.outer_end <= other.outer_end


def unshifted(at: int, changes: Sequence[tuple[int, int, str]]) -> int:
    """Where an offset of the changed text was before."""
    moved = 0
    for start, end, new in changes:
        if at < start + moved + len(new):
            return min(at - moved, start) if at <= start + moved else start
        moved += len(new) - (end - start)
    return at - moved


def _hole_for(region: Region, start: int, end: int, holes: Sequence[Edit]) -> Edit | None:
    """A hole in the place of the smallest expression around a span that is no hole yet."""
    taken = {hole.node.index for hole in holes}
    best: Node | None = None
    for node in region.nodes:
        if node.outer_start <= start and end <= node.outer_end and node.index not in taken:
            in_arm = node.is_pattern and node.parent is not None and node.parent.kind == "arm"
            best = node if is_expression(node) or in_arm else best
    if best is None:
        return None
    if not best.is_pattern:
        return replace(best, Piece(HOLE), "hole")
    assert best.parent is not None
    changes = [(best.outer_start, best.outer_end, "_")]
    changes += [(k.outer_start, k.outer_end, HOLE) for k in best.parent.kids if k is not best and best.walk()]
    return Edit("hole", best, tuple(sorted(changes)))


async def find_fits(fault: Fault, oracle: Oracle) -> None:
    """Tries a hole in the place of each expression and, where that helps, the expression cut off from its context."""
    nodes = [node for node in fault.nodes if is_expression(node)]
    fault.fits = await _tried(fault, oracle, [(node, HOLE, 1) for node in nodes])
    fitting = [node for node in nodes if node.index in fault.fits]
    cut = await _tried(fault, oracle, [(node, f"({_CUT} ({node.text}))", 1) for node in fitting])
    fault.clashes = {index: argument_of(type_) for index, type_ in cut.items()}


async def _tried(fault: Fault, oracle: Oracle, attempts: Sequence[tuple[Node, str, int]]) -> dict[int, str]:
    """For each node with a text to take its place that leaves no error: the type that stands so far into the text."""
    variants, asked = [], []
    for node, new, into in attempts:
        text = fault.variant(replace(node, Piece(new), "hole"))
        if text is not None:
            before = sum(len(c[2]) - (c[1] - c[0]) for o in fault.others for c in o.changes if c[0] < node.start)
            before += sum(len(one.text) for one in fault.region.annotated if one.at <= node.start)
            variants.append(Variant(text, node.outer_start - fault.region.start + before + into))
            asked.append(node)
    answers = await oracle.judge(fault.region.head, variants, fault.region.tail)
    return {node.index: answer.type for node, answer in zip(asked, answers, strict=True) if answer.ok}


def single_edits(fault: Fault, phrases: Phrases) -> Iterator[Edit]:
    for node in fault.nodes:
        if node.is_pattern:
            yield from branches.pattern_edits(fault.region.place(node))
        elif node.kind == "binding":
            yield from functions.binding_edits(fault.region.place(node))
        elif is_expression(node) and node.index in fault.fits:
            wanted = shape(fault.fits[node.index])
            for family in EXPRESSION_FAMILIES:
                yield from (edit for edit in fault.region.edits(node, family) if can_be(edit.kind, wanted))
            yield from by_type.edits(fault.region.place(node), fault.fits[node.index])
            yield from fault.region.phrases(node, phrases)


def everywhere(fault: Fault) -> Iterator[Edit]:
    """The same edit wherever the same function or operator is used."""
    if len(fault.nodes) > MOST_NODES_EVERYWHERE:
        return
    groups: dict[tuple[str, tuple[str, ...], str], list[Edit]] = {}
    heads = [(node, _head(node)) for node in fault.nodes]
    counts = Counter(head for _, head in heads)
    for node, head in heads:
        if not head or not 1 < counts[head] <= MOST_ALIKE:
            continue
        for family in (operators, calls, lists, constructors, synthesis):
            for edit in fault.region.edits(node, family):
                if edit.node is node:
                    groups.setdefault((edit.kind, edit.added, head), []).append(edit)
    for (kind, added, _), edits in groups.items():
        if len(edits) > 1:
            apart = edits
            if merged(edits) is None:
                apart = []
                for edit in edits:
                    if merged([*apart, edit]) is not None:
                        apart.append(edit)
            changes = merged(apart)
            if len(apart) > 1 and changes is not None:
                yield Edit(kind, apart[0].node, changes, apart[0].after, added, tuple(apart))


def _head(node: Node) -> str:
    """What makes two expressions alike enough to be edited alike; empty for those that are not."""
    if node.kind == "app":
        return f"{node.kids[0].text}/{len(node.kids)}"
    if node.kind in ("infix", "prefix"):
        return node.operator
    if node.kind == "const" or (node.kind == "var" and node.role == "function"):
        return node.text
    return f"var {node.text}" if node.kind == "var" else ""


async def check(fault: Fault, edits: Iterable[Edit], oracle: Oracle) -> list[Found]:
    """Those edits after which there is no error, but for the faults that holes stand for. Where there are none of
    these, without what throws away too much of the program."""
    region = fault.region
    seen: dict[str, Edit] = {}
    for edit in edits:
        text = fault.variant(edit)
        if text is not None:
            seen.setdefault(text, edit)
    texts = list(seen)
    answers = await oracle.judge(
        region.head, [Variant(text) for text in texts], region.tail, signatures=not fault.others
    )
    found = [
        Found(seen[text], f"{region.head}{text}{region.tail}", answer, fault)
        for text, answer in zip(texts, answers, strict=True)
        if answer.ok and (fault.others or keeps_enough(fault.program.text, seen[text]))
    ]
    if found and not fault.others and not region.annotated:
        oracle.settle()
    return found


async def redeclared(fault: Fault, oracle: Oracle, keep: Callable[[Edit], bool]) -> list[Found]:
    """Edits of the declarations of what is used in the region, where these stand before it."""
    made = [edit for edit in declarations.edits(fault.nodes, fault.program) if keep(edit)]
    made = [edit for edit in made if edit.changes[0][0] < fault.region.start]
    if not made:
        return []
    region = Region(fault.program, min(edit.changes[0][0] for edit in made), fault.region.end)
    item = fault.program.item_at(region.start)
    region.start = region.start if item is None else item.start
    found = await check(Fault(region, fault.start, fault.end), made, oracle)
    return [evolve(one, judgement=_types_last(one.judgement, fault.region)) for one in found]


def _types_last(judgement: Judgement, region: Region) -> Judgement:
    """The signature with that of the region in front, as it is for other edits."""
    signature = judgement.signature
    at = next((at for name in region.defined if (at := signature.find(f"val {name} :")) >= 0), 0)
    return evolve(judgement, signature=f"{signature[at:].rstrip()}\n{signature[:at]}".strip())


async def faults(program: Program, oracle: Oracle) -> tuple[Fault, list[Fault]] | None:
    """The program's fault as a whole and, where there are several, each of them. None where there is no error."""
    located = await locate(program, oracle)
    return None if located is None else await _apart(*located, oracle)


async def blamed_with(fault: Fault, annotated: tuple[Annotation, ...], oracle: Oracle) -> Fault | None:
    """The region with annotations, and what is blamed then; None where nothing in it is."""
    region = evolve(fault.region, annotated=annotated)
    (answer,) = await oracle.judge(region.head, [Variant(region.with_changes(()))], region.tail, told=Told.ALL)
    if answer.ok or answer.part != 1:
        return None
    moved = region.placed(())
    start, end = (unshifted(region.start + at, moved) for at in (answer.start, answer.end))
    return Fault(region, start, end)


async def faults_with(
    whole: Fault, annotated: tuple[Annotation, ...], oracle: Oracle
) -> tuple[Fault, list[Fault]] | None:
    """The fault as a whole and each of them where annotations stand in the region; None where nothing is blamed."""
    fault = await blamed_with(whole, annotated, oracle)
    if fault is None:
        return None
    return await _apart(*await _blamed(fault.region, (fault.start, fault.end), oracle), oracle)


async def _apart(
    region: Region, spans: Sequence[tuple[int, int]], holes: list[Edit], oracle: Oracle
) -> tuple[Fault, list[Fault]]:
    whole = Fault(region, *spans[0])
    needed = await _needed(region, holes, oracle) if len(holes) > 1 else []
    parts = []
    if len(needed) > 1:
        for hole in needed:
            node = hole.node
            others = tuple(other for other in needed if other is not hole)
            parts.append(Fault(region, node.start, node.end, others))
    return whole, parts


async def _needed(region: Region, holes: list[Edit], oracle: Oracle) -> list[Edit]:
    """The holes without those that are not needed."""
    for hole in list(holes):
        rest = [other for other in holes if other is not hole]
        changes = merged(rest)
        if rest and changes is not None:
            (answer,) = await oracle.judge(region.head, [Variant(region.with_changes(changes))], region.tail)
            if answer.ok:
                holes = rest
    return holes


def smallest_size(fault: Fault) -> int:
    """How many tokens the smallest place has that can be at fault alone."""
    return min((fault.nodes[index].size for index in fault.fits), default=10**6)


def places(fault: Fault) -> list[Node]:
    """The places that can be at fault alone, the smallest first, without those of two tokens."""
    return sorted((node for node in map(fault.nodes.__getitem__, fault.fits) if node.size > 2), key=lambda n: n.size)


async def pairs(whole: Fault, around: Node, oracle: Oracle) -> list[tuple[Fault, Fault]]:
    """Two places in a node that are at fault together: the smallest such pairs."""
    inner = [node for node in around.walk() if is_expression(node) and node is not around]
    couples = [
        (first, second)
        for number, first in enumerate(inner)
        for second in inner[number + 1 :]
        if first.outer_end <= second.outer_start
    ]
    couples.sort(key=lambda pair: pair[0].size + pair[1].size)
    holes = {node.index: replace(node, Piece(HOLE), "hole") for node in inner}
    tried, texts = [], []
    for first, second in couples[:MOST_PAIRS]:
        changes = merged([holes[first.index], holes[second.index]])
        if changes is not None:
            tried.append((first, second))
            texts.append(Variant(whole.region.with_changes(changes)))
    answers = await oracle.judge(whole.region.head, texts, whole.region.tail)
    found: list[tuple[Fault, Fault]] = []
    kept: list[tuple[Node, Node]] = []
    for (first, second), answer in zip(tried, answers, strict=True):
        if not answer.ok or len(found) >= BEST_PAIRS:
            continue
        if any(_inside(a, first) and _inside(b, second) for a, b in kept):
            continue
        kept.append((first, second))
        found.append(
            (
                Fault(whole.region, first.start, first.end, (holes[second.index],)),
                Fault(whole.region, second.start, second.end, (holes[first.index],)),
            )
        )
    return found
