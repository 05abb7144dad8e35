"""What the program is asked and answers of variants of one part of a module."""

from collections.abc import Sequence

from lsp_aid.domain.text import SourceText
from lsp_aid.domain.typed import Checked, Judgement, Told, Variant
from lsp_aid.typer.reports import Source

_FIELDS = 7
_NO = Judgement(False)


def request(source: Source, tail: str, variants: Sequence[Variant], *, signature: bool, told: Told) -> list[str]:
    """`source` is the module up to the variants."""
    words = ["judge", source.unit, source.path, "1" if signature else "0", told.value, source.text, tail]
    for variant in variants:
        words += (variant.text, str(_bytes_before(variant.text, variant.look_at)))
    return words


def of_answer(fields: Sequence[bytes], head: str, variants: Sequence[Variant], tail: str) -> list[Judgement]:
    """The judgements in an answer. Raises ValueError where it is none of theirs."""
    found: list[Judgement] = []
    at = 0
    for variant in variants:
        if fields[at] == b"no":  # and that is all
            found.append(_NO)
            at += 1
            continue
        verdict, part, start, end, *words = fields[at : at + _FIELDS]
        at += _FIELDS
        text = (head, variant.text, tail)[int(part)]
        first, last = max(0, int(start)), max(0, int(end))
        if not text.isascii():
            first, last = _characters_before(text, first), _characters_before(text, last)
        message, shown, signature = (word.decode("utf-8", "replace") for word in words)
        found.append(Judgement(verdict == b"ok", int(part), first, last, message, shown, signature))
    return found


def of_check(checked: Checked, head: str, variant: Variant, tail: str) -> Judgement:
    """The same, out of what the compiler says of the whole: no type, and the signature is that of the whole."""
    errors = [error for error in checked.build.errors if not (error.code or "").startswith("warning")]
    if not errors:
        return Judgement(True, signature=checked.signature)
    whole = SourceText(f"{head}{variant.text}{tail}")
    start, end = whole.offset(errors[0].range.start), whole.offset(errors[0].range.end)
    part, base, size = 0, 0, len(head)
    for number, text in enumerate((head, variant.text, tail)):
        if start >= base + size and number:
            base += size
            part, size = number, len(text)
    return Judgement(False, part, start - base, min(end - base, size), errors[0].message)


def _bytes_before(text: str, offset: int) -> int:
    return offset if offset < 0 or text.isascii() else len(text[:offset].encode("utf-8", "replace"))


def _characters_before(text: str, offset: int) -> int:
    return len(text.encode("utf-8", "replace")[:offset].decode("utf-8", "ignore"))
