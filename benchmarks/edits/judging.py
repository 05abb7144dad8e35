"""Compares what became of the files with what was meant."""

import enum
from collections.abc import Mapping

from benchmarks.edits.tokens import tokens

Files = Mapping[str, str | None]


class Verdict(enum.StrEnum):
    EXACT = "exact"  # every file as it was meant, byte for byte
    SAME = "same tokens"  # the right tokens in the right places, with other white space
    REFUSED = "refused"  # nothing has changed, and a reason was given
    IN_PART = "in part"  # an error, after some of it was written
    WRONG = "wrong"  # applied, and not what was meant
    CRASHED = "crashed"


def judge(before: Files, intended: Files | None, after: Files, problem: str, crashed: bool) -> Verdict:
    """`intended` is None where nothing right can be done, because what the reply is about is no longer there."""
    present = {path: text for path, text in after.items() if text is not None}
    unchanged = present == before
    if crashed:
        return Verdict.CRASHED
    if unchanged and intended != before:
        return Verdict.REFUSED
    if problem:
        return Verdict.IN_PART
    if intended is None:
        return Verdict.WRONG
    meant = {path: text for path, text in intended.items() if text is not None}
    if present == meant:
        return Verdict.EXACT
    if present.keys() == meant.keys() and all(_same(present[path], meant[path]) for path in meant):
        return Verdict.SAME
    return Verdict.WRONG


def _same(one: str, two: str) -> bool:
    return one == two or tokens(_plain(one)) == tokens(_plain(two))


def _plain(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n")
