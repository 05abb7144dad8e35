"""What the search asks the type checker: many variants of one part of a module at once."""

import time
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from typing import Protocol

from attrs import define, field

from lsp_aid.domain.ports import Typer
from lsp_aid.domain.typed import CompilerFlags, Judgement, Told, Variant

_UNKNOWN = Judgement(ok=False, message="not judged")


class Oracle(Protocol):
    @property
    def is_late(self) -> bool:
        """Whether the time is up."""

    def settle(self) -> None:
        """Something is found: what is still looked for is something better, for which there is less time."""

    async def judge(
        self, head: str, variants: Sequence[Variant], tail: str, *, signatures: bool = False, told: Told = Told.NOTHING
    ) -> Sequence[Judgement]:
        """Types `head`, each variant and `tail` as one module, in the order of the variants. Those for which there is
        no time are not `ok`. What is not `ok` says as much of its error as is wanted."""


@define(eq=False)
class TyperOracle:
    """Asks the typer about the file `path` until a moment of the monotonic clock: `until`, or where nothing is found by
    then `at_last`, if that is later."""

    typer: Typer
    path: str
    flags: CompilerFlags
    until: float = float("inf")
    at_last: float = 0.0
    asked: int = field(default=0, init=False)
    is_settled: bool = field(default=False, init=False)

    @property
    def is_late(self) -> bool:
        return time.monotonic() > (self.until if self.is_settled else max(self.until, self.at_last))

    def settle(self) -> None:
        self.is_settled = True

    async def judge(
        self, head: str, variants: Sequence[Variant], tail: str, *, signatures: bool = False, told: Told = Told.NOTHING
    ) -> Sequence[Judgement]:
        answers: list[Judgement] = []
        given = self._while_time(variants)
        asked = self.typer.judge(self.path, head, given, tail, self.flags, signature=signatures, told=told)
        async with aclosing(asked) as judged:
            answers += [answer or _UNKNOWN async for answer in judged]
        self.asked += len(answers)
        return [*answers, *[_UNKNOWN] * (len(variants) - len(answers))]

    def _while_time(self, variants: Sequence[Variant]) -> Iterator[Variant]:
        for variant in variants:
            if self.is_late:
                return
            yield variant
