"""Branches, matches and bindings: a missing `else`, one branch alone, patterns of another shape, a `let` taken out."""

from collections.abc import Iterator

from lsp_aid.repair.search.edit import Edit, Piece, Place, piece, replace
from lsp_aid.repair.search.program import Node

_RESULTS = ("[]", "0", '""', "true", "false", "()", "0.0", "None", "1")


def edits(place: Place) -> Iterator[Edit]:
    node = place.node
    if node.kind == "if":
        yield from _if(place)
    elif node.kind == "seq":
        for kid in node.kids:
            yield replace(node, piece(kid), "keep statement")
    elif node.kind == "let":
        body = node.by_role("body")
        if body is not None:
            yield replace(node, piece(body), "drop let")
        for binding in node.all_of("binding"):
            value = binding.by_role("value")
            if value is not None:
                yield replace(node, piece(value), "keep bound value")
    elif node.kind in ("match", "try"):
        scrutinee = node.by_role("scrutinee")
        for arm in node.all_of("arm"):
            case = arm.by_role("case")
            if case is not None:
                yield replace(node, piece(case), "keep case")
        if scrutinee is not None:
            yield replace(node, piece(scrutinee), "keep scrutinee")


def _if(place: Place) -> Iterator[Edit]:
    node = place.node
    condition, then, otherwise = node.by_role("condition"), node.by_role("then"), node.by_role("else")
    if then is None or condition is None:
        return
    if otherwise is None:
        for name in [*place.locals[:8], *_RESULTS]:
            source = "local" if name in place.locals else "constant"
            made = (then.outer_end, then.outer_end, f" else {name}")
            yield Edit(f"else {source}", node, (made,), f"{node.text} else {name}", (name,))
        for name in place.locals[:6]:
            for other in place.locals[:6]:
                if name != other:
                    made = (then.outer_end, then.outer_end, f" else ({name}, {other})")
                    yield Edit("else pair", node, (made,), f"{node.text} else ({name}, {other})", (name, other))
        if node.parent is not None and node.parent.kind == "seq":
            yield from _else_next(node, then)
        if node.parent is not None and node.parent.kind == "arm" and node.role == "case":
            made = (node.parent.kids[0].outer_end, node.outer_end, f" when {condition.text} -> {then.text}")
            yield Edit("if>when", node, (made,), made[2].strip())
    else:
        yield replace(node, piece(otherwise), "keep else")
    yield replace(node, piece(then), "keep then")
    yield replace(node, piece(condition), "keep condition")


def _else_next(node: Node, then: Node) -> Iterator[Edit]:
    """`if a then b; c` for `if a then b else c`."""
    assert node.parent is not None
    number = node.parent.kids.index(node)
    if number + 1 < len(node.parent.kids):
        following = node.parent.kids[number + 1]
        yield Edit("; >else", node, ((then.outer_end, following.outer_start, " else "),), "else")


def pattern_edits(place: Place) -> Iterator[Edit]:
    """Patterns of another shape."""
    node = place.node
    parts = [piece(kid) for kid in node.kids]
    texts = [part.at_least(1) for part in parts]
    if node.kind in ("pconst", "pvar", "pany", "plist", "pcons"):
        for constant in ("[]", "None", "0", '""', "true", "false", "1", "()", "_"):
            if constant != node.text:
                yield replace(node, Piece(constant), "pattern>constant" if constant != "_" else "pattern>_")
    if node.kind == "pvar" and node.role != "pattern":
        yield replace(node, Piece(f"({node.text}, _)"), "x>(x, _)")
        yield replace(node, Piece(f"(_, {node.text})"), "x>(_, x)")
        yield replace(node, Piece(f"{node.text}::_", 1), "x>x :: _")
        yield replace(node, Piece(f"[{node.text}]"), "x>[x]")
    elif node.kind == "pvar" and node.parent is not None and not node.parent.all_of("parameter"):
        yield replace(node, Piece(f"({node.text}, _)"), "x>(x, _)")
        yield replace(node, Piece(f"(_, {node.text})"), "x>(_, x)")
        if node.parent.kind == "arm":
            yield replace(node, Piece(f"{node.text}::_", 1), "x>x :: _")
            yield replace(node, Piece(f"[{node.text}]"), "x>[x]")
    if node.kind in ("pcons", "pconstr", "plist") and node.role in ("pattern", "sub"):
        yield replace(node, Piece(f"({piece(node).at_least(1)}, _)"), "p>(p, _)")
        yield replace(node, Piece(f"(_, {piece(node).at_least(1)})"), "p>(_, p)")
    if node.role == "pattern" and node.parent is not None and node.parent.kind == "arm":
        yield from _without_arm(node.parent)
    if len(parts) == 2 and node.kind in ("ptuple", "pcons", "plist"):
        if node.kind != "ptuple":
            yield replace(node, Piece(f"({texts[0]}, {texts[1]})"), "pattern>(a, b)")
        if node.kind != "pcons":
            yield replace(node, Piece(f"{texts[0]}::{texts[1]}", 1), "pattern>a :: b")
        if node.kind != "plist":
            yield replace(node, Piece(f"[{texts[0]}; {texts[1]}]"), "pattern>[a; b]")
    if node.kind in ("ptuple", "pcons") and len(parts) >= 2:
        for part in parts:
            yield replace(node, part, "pattern>part")
        if len(parts) > 2:
            for number in range(len(parts)):
                rest = [t for other, t in enumerate(texts) if other != number]
                yield replace(node, Piece(f"({', '.join(rest)})"), "pattern drops part")
    if node.kind == "ptuple" and node.kids[0].kind == "pconstr" and len(node.kids[0].kids) == 1:
        inner = ", ".join([piece(node.kids[0].kids[0]).text, *texts[1:]])
        yield replace(node, Piece(f"{node.kids[0].operator} ({inner})", 2), "pattern C a, b>C (a, b)")
    if node.kind == "ptuple":
        yield replace(node, Piece(f"({', '.join([*texts, '_'])})"), "pattern adds part")
        yield replace(node, Piece(f"({', '.join(['_', *texts])})"), "pattern adds part")
        if len(parts) == 3:
            yield replace(node, Piece(f"({texts[0]}, ({texts[1]}, {texts[2]}))"), "pattern nests")
            yield replace(node, Piece(f"(({texts[0]}, {texts[1]}), {texts[2]})"), "pattern nests")
        for number, kid in enumerate(node.kids):
            if kid.kind == "ptuple":
                flat = [*texts[:number], *(piece(k).text for k in kid.kids), *texts[number + 1 :]]
                yield replace(node, Piece(f"({', '.join(flat)})"), "pattern flattens")
    if node.kind == "plist" and len(parts) == 1:
        yield replace(node, parts[0], "pattern [x]>x")
        yield replace(node, Piece(f"{texts[0]}::_", 1), "pattern [x]>x :: _")
    if node.kind == "pconstr":
        yield from _constructor(place)


def _without_arm(arm: Node) -> Iterator[Edit]:
    """A case less, where others are left."""
    assert arm.parent is not None
    arms = arm.parent.all_of("arm")
    number = arms.index(arm)
    if len(arms) > 1:
        first = number == 0
        start, end = (arm.start, arms[1].start) if first else (arms[number - 1].end, arm.end)
        yield Edit("drop case", arm, ((start, end, ""),), "")


def _constructor(place: Place) -> Iterator[Edit]:
    node = place.node
    texts = [piece(kid).text for kid in node.kids]
    inner = [piece(k).text for k in node.kids[0].kids] if node.kids and node.kids[0].kind == "ptuple" else texts
    arity = place.program.constructors.get(node.operator)
    for name, wanted in place.program.constructors.items():
        if name != node.operator and wanted == len(inner):
            text = f"{name} ({', '.join(inner)})" if wanted > 1 else " ".join([name, *texts])
            yield replace(node, Piece(text, 2 if wanted else 3), "pattern>other constructor", (name,))
    if arity is None or arity == len(inner):
        return
    if arity == 0:
        yield replace(node, Piece(node.operator), "constructor pattern drops")
        return
    if arity < len(inner):
        kept = inner[:arity]
    else:
        taken = {name for name, _ in _names_below(node.parent)} | set(inner)
        fresh = [name for name in (f"e{number}" for number in range(1, 40)) if name not in taken]
        kept = inner + fresh[: arity - len(inner)]
        blank = inner + ["_"] * (arity - len(inner))
        shown = f"({', '.join(blank)})" if arity > 1 else blank[0]
        yield replace(node, Piece(f"{node.operator} {shown}", 2), "constructor pattern adds _")
    shown = f"({', '.join(kept)})" if arity > 1 else kept[0]
    yield replace(node, Piece(f"{node.operator} {shown}", 2), "constructor pattern arity")


def _names_below(node: Node | None) -> Iterator[tuple[str, int]]:
    from lsp_aid.repair.search.program import pattern_names

    if node is not None:
        for kid in node.walk():
            if kid.kind == "pvar":
                yield from pattern_names(kid)
