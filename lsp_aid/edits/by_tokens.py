"""Blocks found by OCaml's tokens, comments and layout apart, and put there token by token.

What a block did not reproduce, comments and layout of the file, survives: only tokens that differ are replaced.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from attrs import frozen

from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.edits.indentation import Indentation, Layout, Pairs
from lsp_aid.edits.source import Source
from lsp_aid.edits.splice import Change, Op, UnclearError, differences, other_differences, slides
from lsp_aid.errors import EditError
from lsp_aid.ocaml.tokens import Token, tokens

TELLING_TOKENS = 3
TELLING_CHARACTERS = 8


def starts(source: Source, search: str) -> list[int]:
    """Where, among the file's tokens of code, those of a block begin. The comments of the block have to be there, and
    a single place counts only if it is of whole lines, as blocks are."""
    found = tokens(search)
    keys = [token.text for token in found if not token.is_comment]
    if found and (found[-1].is_comment and not found[-1].text.endswith("*)")):
        return []  # a comment that the block shows a part of
    if len(keys) < TELLING_TOKENS or sum(map(len, keys)) < TELLING_CHARACTERS:
        return []
    places = [place for place in source.code_keys.find(keys) if None not in _where(source, found, place)]
    if len(places) == 1 and not _is_of_whole_lines(source, places[0], places[0] + len(keys)):
        return []
    return places


def line_of(source: Source, start: int) -> int:
    """The line of the file where the token of code stands."""
    return bisect_right(_line_starts(source.lines), source.tokens[source.code[start]].start) - 1


def changes(source: Source, search: str, replace: str, start: int, layout: Layout) -> list[Change]:
    """The lines that change, where the tokens of `search` begin at `start`. Raises UnclearError."""
    old, new = tokens(search), tokens(replace)
    where = _where(source, old, start)
    indentation = Indentation(_pairs(source, search, old, where), layout)
    keys, new_keys = [token.key for token in old], [token.key for token in new]
    heads, new_heads = _heads(search, old), _heads(replace, new)

    def made(ops: Sequence[Op]) -> list[TextEdit]:
        edits = []
        for op in _on_lines(ops, keys, new_keys, heads, new_heads):
            if op.old == op.old_end:
                _check_gaps(where, slides(keys, new_keys, op))
            elif op.new < op.new_end and op.old_end - op.old != op.new_end - op.new:
                _check_gaps(where, (op.old, op.old_end))  # tokens may be replaced one by one beside a comment
            taken = [at for at in where[op.old : op.old_end] if at is not None]
            text = ""
            if op.new_end > op.new:
                text = _moved(indentation, replace, new[op.new].start, new[op.new_end - 1].end)
            if taken:
                edits.append(_replaced(source, taken, text))
            elif text:
                inserted = _inserted_text(indentation, replace, new, op.new, op.new_end, text)
                edits.append(_inserted(source, where, op.old, op.old_end, inserted))
        return edits

    edits = made(differences(keys, new_keys))
    found = [at for at in where if at is not None]
    if found[-1] - found[0] + 1 > len(found):
        outcomes = {_outcome(source, found, made(ops)) for ops in other_differences(keys, new_keys)}
        if outcomes - {_outcome(source, found, edits)}:
            raise UnclearError("The block leaves out comments, and what it changes can be told in more than one way")
    return _as_lines(source, edits, where, [token.text for token in new if not token.is_comment])


def _outcome(source: Source, found: Sequence[int], edits: Sequence[TextEdit]) -> tuple[str, ...]:
    """The tokens that stand in the place of a block afterwards."""
    begin, end = source.tokens[found[0]].start, source.tokens[found[-1]].end
    moved = [
        TextEdit(max(edit.start, begin) - begin, min(edit.end, end) - begin, edit.text)
        for edit in edits
        if edit.end >= begin and edit.start <= end
    ]
    return tuple(token.key for token in tokens(_applied(source.joined[begin:end], moved)))


def _applied(text: str, edits: Sequence[TextEdit]) -> str:
    try:
        return apply_text_edits(text, edits)
    except EditError:
        raise UnclearError("The block's layout is too far from the file's to be changed") from None


def _heads(text: str, found: Sequence[Token]) -> Sequence[bool]:
    """For each token whether it is the first of its line."""
    ends = [0, *(token.end for token in found)]
    return [n == 0 or "\n" in text[ends[n] : token.start] for n, token in enumerate(found)] + [True]


def _on_lines(
    ops: Sequence[Op], old: Sequence[str], new: Sequence[str], heads: Sequence[bool], new_heads: Sequence[bool]
) -> Iterator[Op]:
    """The same differences; what is only added or only deleted is moved to where it is whole lines, if it can be."""
    for op in ops:
        options = [op]
        if op.old == op.old_end or op.new == op.new_end:
            options += [
                Op(at, at + op.old_end - op.old, op.new + at - op.old, op.new_end + at - op.old)
                for at in slides(old, new, op)
            ]
        yield next(
            (
                one
                for one in options
                if all((heads[one.old], heads[one.old_end], new_heads[one.new], new_heads[one.new_end]))
            ),
            op,
        )


def _line_starts(lines: Sequence[str]) -> list[int]:
    return list(accumulate((len(line) + 1 for line in lines), initial=0))[:-1]


def _is_of_whole_lines(source: Source, start: int, end: int) -> bool:
    text = source.joined
    first, last = source.tokens[source.code[start]], source.tokens[source.code[end - 1]]
    before = source.tokens[source.code[start - 1]] if start else None
    after = source.tokens[source.code[end]] if end < len(source.code) else None
    return (before is None or "\n" in text[before.end : first.start]) and (
        after is None or "\n" in text[last.end : after.start]
    )


def _where(source: Source, old: Sequence[Token], start: int) -> list[int | None]:
    """For each token of a block that of the file; for its comments too, where the file has the same in that place."""
    where: list[int | None] = []
    at = source.code[start - 1] + 1 if start else 0
    code = start
    for token in old:
        if token.is_comment:
            end = source.code[code] if code < len(source.code) else len(source.tokens)
            same = next((n for n in range(at, end) if source.tokens[n].key == token.key), None)
            where.append(same)
            at = at if same is None else same + 1
        else:
            where.append(source.code[code])
            at = source.code[code] + 1
            code += 1
    return where


def pairs_of(source: Source, search: str, start: int) -> Pairs:
    """The lines that begin with the same token in the block and in the file, as far as that token."""
    old = tokens(search)
    return _pairs(source, search, old, _where(source, old, start))


def _pairs(source: Source, search: str, old: Sequence[Token], where: Sequence[int | None]) -> Pairs:
    pairs = []
    for token, at in zip(old, where, strict=True):
        if at is None:
            continue
        believed, real = _before(search, token.start), _before(source.joined, source.tokens[at].start)
        if not believed.strip() and not real.strip():
            pairs.append((f"{believed}x", f"{real}x"))
    return pairs


def _before(text: str, at: int) -> str:
    """What stands before a place on its line."""
    return text[text.rfind("\n", 0, at) + 1 : at]


def _moved(indentation: Indentation, text: str, start: int, end: int) -> str:
    """A part of the replace text, its lines but the first with the file's indentation."""
    first, *rest = text[start:end].split("\n")
    return "\n".join([first, *(indentation.moved(line) for line in rest)])


def _replaced(source: Source, taken: Sequence[int], text: str) -> TextEdit:
    if any(number not in taken for number in range(taken[0], taken[-1] + 1)):
        raise UnclearError("The block leaves out a comment that stands in what it changes")
    start, end = source.tokens[taken[0]].start, source.tokens[taken[-1]].end
    whole = source.joined
    if text:
        return TextEdit(start, end, text)
    line_start = whole.rfind("\n", 0, start) + 1
    line_end = whole.find("\n", end)
    line_end = len(whole) if line_end < 0 else line_end
    if not whole[line_start:start].strip() and not whole[end:line_end].strip():
        return TextEdit(line_start, min(line_end + 1, len(whole)), "")
    while end < line_end and whole[end].isspace():
        end += 1
    if end == line_end:
        while start > line_start and whole[start - 1].isspace():
            start -= 1
    return TextEdit(start, end, "")


@frozen
class _Inserted:
    """Tokens that are added. `lead` and `tail` are the white space before and behind them."""

    lead: str
    text: str
    tail: str


def _inserted_text(
    indentation: Indentation, replace: str, new: Sequence[Token], first: int, end: int, text: str
) -> _Inserted:
    lead = replace[new[first - 1].end : new[first].start] if first else ""
    if "\n" in lead:
        believed = lead.rpartition("\n")[2]
        lead = "\n" + indentation.moved(f"{believed}x")[:-1]
    return _Inserted(lead, text, replace[new[end - 1].end : new[end].start] if end < len(new) else "")


def _check_gaps(where: Sequence[int | None], places: Iterable[int]) -> None:
    """What is added may not stand on either side of a comment that the block does not know of."""
    for place in places:
        above, below = _above(where, place), _below(where, place)
        if above is not None and below is not None and below != above + 1:
            raise UnclearError("The block leaves out a comment just where it changes something")


def _above(where: Sequence[int | None], place: int) -> int | None:
    return next((where[n] for n in range(place - 1, -1, -1) if where[n] is not None), None)


def _below(where: Sequence[int | None], place: int) -> int | None:
    return next((where[n] for n in range(place, len(where)) if where[n] is not None), None)


def _inserted(source: Source, where: Sequence[int | None], old: int, old_end: int, inserted: _Inserted) -> TextEdit:
    above, below = _above(where, old), _below(where, old_end)
    if above is not None:
        at = source.tokens[above].end
        return TextEdit(at, at, inserted.lead + inserted.text)
    if below is None:
        raise UnclearError("The block adds something without code of the file next to it")
    at = source.tokens[below].start
    tail = "\n" + _before(source.joined, at) if "\n" in inserted.tail else inserted.tail
    return TextEdit(at, at, inserted.text + tail)


def _as_lines(
    source: Source, edits: Sequence[TextEdit], where: Sequence[int | None], expected: Sequence[str]
) -> list[Change]:
    """The edits as lines that change. Raises UnclearError where these have not the tokens that the block asks for."""
    found = [at for at in where if at is not None]
    line_starts = _line_starts(source.lines)
    first = bisect_right(line_starts, source.tokens[found[0]].start) - 1
    end = bisect_left(line_starts, source.tokens[found[-1]].end)
    begin = line_starts[first]
    stop = line_starts[end - 1] + len(source.lines[end - 1])
    region = source.joined[begin:stop]
    after = _applied(
        f"{region}\n", [TextEdit(edit.start - begin, edit.end - begin, edit.text) for edit in edits]
    ).removesuffix("\n")
    if [token.text for token in tokens(after) if not token.is_comment] != list(expected):
        raise UnclearError("The block's layout is too far from the file's to be changed")
    old, new = region.split("\n"), after.split("\n") if after else []
    return [Change(first + op.old, first + op.old_end, tuple(new[op.new : op.new_end])) for op in differences(old, new)]
