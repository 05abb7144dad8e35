"""One error after the other: edits of what the compiler blames first, and how far each of them gets."""

from collections.abc import Iterable, Iterator

from lsp_aid.domain.typed import Told, Variant
from lsp_aid.repair.search import branches
from lsp_aid.repair.search.edit import Edit
from lsp_aid.repair.search.explore import EXPRESSION_FAMILIES, Fault, is_expression, unshifted
from lsp_aid.repair.search.oracle import Oracle
from lsp_aid.repair.search.phrases import Phrases

MOST_NEAR = 40


def near(fault: Fault, phrases: Phrases) -> Iterator[Edit]:
    """Edits of what the compiler blames, what is just around it and in it, wherever a hole would help."""
    around = [n for n in fault.nodes if n.outer_start <= fault.start and fault.end <= n.outer_end][-4:]
    nodes = {node.index: node for above in around for node in (above, *above.kids)}
    for node in around[-1:]:
        nodes.update({below.index: below for below in node.walk() if below.depth <= node.depth + 2})
    for node in nodes.values():
        if node.is_pattern:
            yield from branches.pattern_edits(fault.region.place(node))
        elif is_expression(node) and node.size <= MOST_NEAR:
            for family in EXPRESSION_FAMILIES:
                yield from fault.region.edits(node, family)
            yield from fault.region.phrases(node, phrases)


async def advance(fault: Fault, edits: Iterable[Edit], oracle: Oracle) -> list[tuple[float, Edit, str]]:
    """The edits after which the first error is further in or further down, or none is left: how far behind what is
    blamed now, the edit, and the new text."""
    region = fault.region
    program = fault.program
    seen: dict[str, Edit] = {}
    for edit in edits:
        text = fault.variant(edit)
        if text is not None:
            seen.setdefault(text, edit)
    answers = await oracle.judge(region.head, [Variant(text) for text in seen], region.tail, told=Told.START)
    found = []
    for (text, edit), answer in zip(seen.items(), answers, strict=True):
        if answer.ok:
            reached = float(len(program.text))
        elif answer.part == 2:
            reached = float(region.end + answer.start)
        else:
            reached = float(unshifted(region.start + answer.start, region.placed(edit.changes)))
        beyond = max(reached - fault.end, 0.0)
        if answer.ok or (reached > fault.start and answer.message != "not judged"):
            after = region.without_annotations.with_changes(edit.changes) if region.annotated else text
            found.append((beyond, edit, f"{region.head}{after}{region.tail}"))
    return found
