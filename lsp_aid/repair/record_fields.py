"""The fields that a name may have meant where no compiler's hint and no likeness of letters leads to one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import frozen

from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.similarity import letters_in_common, words_in_common

_RECORDS = ("record_expression", "record_pattern")
_PARTS = ("field_expression", "field_pattern")
_ALIKE = 0.6
_SAME_ROOT = 0.75
_MOST = 6  # fields of a type that are tried in the place of one that is like none of them


@frozen
class Field:
    """`is_sure`: something tells that it is this one, besides that its type fits."""

    name: str
    weight: float
    is_sure: bool


def fields_meant(name: str, place: Node, owner: str, fields: Iterable[tuple[str, str]]) -> Iterator[Field]:
    """The fields that `name` at `place` may be. `owner` is the record's type, empty where it is not known; `fields` are
    all that are in sight, each with the type that it is of."""
    beside = _beside(place)
    by_owner: dict[str, list[str]] = {}
    for field, of in fields:
        by_owner.setdefault(of, []).append(field)
    for of, names in by_owner.items():
        if not owner and not beside:
            names = [other for other in names if words_in_common(name, other) >= _ALIKE]
        if of == owner if owner else set(beside) <= set(names):
            yield from _of_type(name, [n for n in names if n not in beside], complete=_is_made(place))


def called(place: Node) -> str:
    """What a field is read for: the name that is bound to it, the field that is given it; empty where that is neither.

    let attributes = grammar.g_attributes        { name = user.u_name }
    """
    access = place.enclosing("field_get_expression")
    above = access.parent if access is not None else None
    if access is None or above is None or above.field("body") != access:
        return ""
    name = above.field("pattern") if above.kind == "let_binding" else above.child("field_path")
    return name.text.rpartition(".")[2] if name is not None else ""


def _of_type(name: str, names: Sequence[str], *, complete: bool) -> Iterator[Field]:
    """`complete`: the record has to have them all, so that the only one that it lacks is the one."""
    alike = {other: words_in_common(name, other) or _by_letters(name, other) for other in names}
    only = complete and len(names) == 1
    for other, share in _best(alike):
        yield Field(other, 0.6 if only else 0.15 + 0.5 * share, is_sure=only or share > 0)


def _by_letters(name: str, other: str) -> float:
    share = letters_in_common(name, other)
    return share if share >= _SAME_ROOT else 0.0


def _best(alike: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(alike.items(), key=lambda pair: -pair[1])[:_MOST]


def _beside(place: Node) -> list[str]:
    """The other fields of the record that is made or taken apart."""
    record = place.enclosing(*_RECORDS)
    own = place.enclosing(*_PARTS)
    if record is None or own is None or own.parent != record:
        return []
    others = (part for part in record.named_children if part.kind in _PARTS and part != own)
    return [field.text for other in others for field in list(other.walk("field_name"))[:1]]


def _is_made(place: Node) -> bool:
    record = place.enclosing("record_expression")
    own = place.enclosing(*_PARTS)
    return record is not None and own is not None and own.parent == record and record.child("with") is None
