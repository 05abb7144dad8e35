"""The port `Typer`, in front of the pool: what is asked becomes requests, what is answered becomes values."""

import time
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from attrs import evolve, field, frozen

from lsp_aid.domain.text import Position
from lsp_aid.domain.typed import (
    Again,
    Checked,
    CompilerFlags,
    Judgement,
    Name,
    NameKind,
    Scope,
    Told,
    TypedAgain,
    TypedRange,
    Variant,
)
from lsp_aid.errors import BuildTimeoutError, NotTrustedError, ToolchainError
from lsp_aid.typer import batches, judging
from lsp_aid.typer.batches import Pace
from lsp_aid.typer.client import Answer, FlagsError
from lsp_aid.typer.installing import Compiler
from lsp_aid.typer.pool import TyperPool
from lsp_aid.typer.reports import Source, byte_offset, place, result

_OWN_FAULTS = ("internal", "stack", "signal", "status")
"""What the compiler itself may come to an end with all the same."""


class TooMuchMemoryError(ToolchainError):
    """One text takes more memory than a request may."""


@frozen
class PooledTyper:
    """Implements the port `Typer` for one compiler and one project. No preprocessor is run unless `trusted`."""

    _pool: TyperPool
    _compiler: Compiler
    _trusted: bool = field(kw_only=True)
    _checks: Pace = field(factory=Pace, init=False)
    _judgements: Pace = field(factory=Pace, init=False)

    async def check(
        self, path: str, text: str, flags: CompilerFlags, *, interface: str | None = None, signature: bool = False
    ) -> Checked:
        return await self._check(Source(path, text, flags, interface), signature=signature)

    def check_many(
        self,
        path: str,
        texts: Iterable[str],
        flags: CompilerFlags,
        *,
        interface: str | None = None,
        signature: bool = False,
    ) -> AsyncGenerator[Checked | None]:
        source = Source(path, "", flags, interface)

        async def together(some: Sequence[str]) -> Sequence[Checked] | None:
            return await self._check_together(source, some, signature=signature)

        async def alone(text: str) -> Checked | None:
            try:
                return await self._check(source.of(text), signature=signature, background=True)
            except (BuildTimeoutError, TooMuchMemoryError):
                return None

        return batches.answers(texts, together, alone, lambda text: len(text) + 1000, self._checks)

    def judge(
        self,
        path: str,
        head: str,
        variants: Iterable[Variant],
        tail: str,
        flags: CompilerFlags,
        *,
        signature: bool = False,
        told: Told = Told.ALL,
    ) -> AsyncGenerator[Judgement | None]:
        source = Source(path, head, flags)
        ask = partial(self._judge, source, tail, signature=signature, told=told)

        async def alone(variant: Variant) -> Judgement | None:
            if (found := await ask((variant,))) is not None:
                return found[0]
            try:  # it cannot be typed in parts: the compiler is older, or a preprocessor takes whole files
                whole = source.of(f"{head}{variant.text}{tail}")
                checked = await self._check(whole, signature=signature, background=True)
            except (BuildTimeoutError, TooMuchMemoryError):
                return None
            return judging.of_check(checked, head, variant, tail)

        return batches.answers(variants, ask, alone, lambda variant: len(variant.text) + 100, self._judgements)

    async def check_against(
        self,
        units: Sequence[Again],
        flags: CompilerFlags,
        interfaces: Mapping[str, bytes],
        *,
        background: bool = False,
    ) -> Sequence[TypedAgain] | None:
        started = time.monotonic()
        if flags.runs_programs and not self._trusted:
            return None
        request: list[str | bytes] = ["against", str(flags.folder), str(len(flags.words)), str(len(interfaces))]
        request += flags.words
        for name, file in interfaces.items():
            request += [name, file]
        sources = [Source(unit.path, unit.text, evolve(flags, unit=unit.unit), unit.interface) for unit in units]
        for unit, source in zip(units, sources, strict=True):
            _, modname, path, _, has, interface, text = _check_request(source, (unit.text,), signature=False)
            request += [modname, path, "1" if unit.provides else "0", has, interface, text]
        # One program for all flags: each request has a process of its own, which takes them.
        answer = await self._ask(CompilerFlags(folder=flags.folder), *request, background=background)
        if answer is None:
            return None
        fields = self._fields(answer, f"what needs {' and '.join([*interfaces][:3])}")
        seconds = (time.monotonic() - started) / max(1, len(units))
        return [
            _typed_again(source, fields[at : at + 6], seconds)
            for source, at in zip(sources, range(0, len(fields), 6), strict=True)
        ]

    async def imports(self, files: Sequence[Path]) -> Sequence[frozenset[str]] | None:
        answer = await self._ask(CompilerFlags(), "imports", *map(str, files))
        if answer is None or answer.lost:
            return None
        return [frozenset(names.decode("ascii", "replace").split()) for names in answer.fields]

    async def type_at(self, path: str, text: str, position: Position, flags: CompilerFlags) -> Sequence[TypedRange]:
        source = Source(path, text, flags)
        offset = str(byte_offset(text, position))
        answer = await self._ask(flags, "type_at", source.unit, path, text, offset)
        fields = self._fields(answer, path) if answer else ()
        return [
            TypedRange(place(text, int(first), int(last)), shown.decode("utf-8", "replace"))
            for first, last, shown in zip(fields[::3], fields[1::3], fields[2::3], strict=True)
        ]

    async def scope_at(
        self,
        path: str,
        text: str,
        position: Position,
        flags: CompilerFlags,
        *,
        prefix: str = "",
        within: str = "",
        limit: int = 200,
    ) -> Scope:
        source = Source(path, text, flags)
        where = [path, text, str(byte_offset(text, position)), str(limit), prefix, within]
        answer = await self._ask(flags, "scope_at", source.unit, *where)
        cut, *fields = self._fields(answer, path) if answer else (b"whole",)
        words = [word.decode("utf-8", "replace") for word in fields]
        names = zip(words[::3], words[1::3], words[2::3], strict=True)
        return Scope(tuple(Name(NameKind(kind), name, shown) for kind, name, shown in names), cut == b"cut")

    async def signature(self, module: str, flags: CompilerFlags) -> str | None:
        answer = await self._ask(flags, "signature", module)
        fields = self._fields(answer, module) if answer else ()
        return fields[0].decode("utf-8", "replace") if fields else None

    async def _ask(self, flags: CompilerFlags, *request: str | bytes, background: bool = False) -> Answer | None:
        if flags.runs_programs and not self._trusted:
            raise NotTrustedError(
                "The flags name a preprocessor, which is a program of a folder that is not trusted", "Trust the folder."
            )
        return await self._pool.ask(self._compiler, flags, *request, background=background)

    async def _check(self, source: Source, *, signature: bool, background: bool = False) -> Checked:
        started = time.monotonic()
        request = _check_request(source, (source.text,), signature=signature)
        try:
            answer = await self._ask(source.flags, *request, background=background)
        except FlagsError:
            answer = None  # the compiler itself tells best what it does not know
        if answer is None or answer.lost.startswith(_OWN_FAULTS):
            return await self._pool.check_directly(source, self._compiler, background=background)
        return _checked(source, self._fields(answer, source.path), time.monotonic() - started)

    async def _check_together(self, source: Source, texts: Sequence[str], *, signature: bool) -> list[Checked] | None:
        started = time.monotonic()
        request = _check_request(source, texts, signature=signature)
        try:
            answer = await self._ask(source.flags, *request, background=True)
        except FlagsError:
            return None
        if answer is None or answer.lost:
            return None
        seconds = (time.monotonic() - started) / len(texts)
        parts = (answer.fields[at : at + 4] for at in range(0, 4 * len(texts), 4))
        return [_checked(source.of(text), part, seconds) for text, part in zip(texts, parts, strict=True)]

    async def _judge(
        self, source: Source, tail: str, variants: Sequence[Variant], *, signature: bool, told: Told
    ) -> list[Judgement] | None:
        request = judging.request(source, tail, variants, signature=signature, told=told)
        try:
            answer = await self._ask(source.flags, *request, background=True)
        except FlagsError:
            return None
        if answer is None or answer.lost:
            return None
        return judging.of_answer(answer.fields, source.text, variants, tail)

    def _fields(self, answer: Answer, what: str) -> tuple[bytes, ...]:
        if not answer.lost:
            return answer.fields
        if answer.lost == "time":
            seconds = self._pool.limits.seconds
            raise BuildTimeoutError(f"Typing {what} did not end within {seconds:g} seconds", "Make the module smaller.")
        if answer.lost == "memory":
            raise TooMuchMemoryError(f"Typing {what} takes too much memory", "Make the module smaller.")
        raise ToolchainError(f"Typing {what} failed: {answer.lost}", "Check it by a build.")


def _check_request(source: Source, texts: Sequence[str], *, signature: bool) -> list[str]:
    given = ("0", "") if source.interface is None else ("1", source.interface)
    return ["check", source.unit, source.path, "1" if signature else "0", *given, *texts]


def _checked(source: Source, fields: Sequence[bytes], seconds: float) -> Checked:
    verdict, report, shown, modules = fields
    build = result(source, report.decode("utf-8", "replace"), green=verdict == b"green", seconds=seconds)
    names = frozenset(modules.decode("ascii", "replace").split())
    return Checked(build, shown.decode("utf-8", "replace"), names, is_whole=True)


def _typed_again(source: Source, fields: Sequence[bytes], seconds: float) -> TypedAgain:
    verdict, report, modules, reads, signature, file = fields
    checked = _checked(source, (verdict, report, b"", modules), seconds)
    names = frozenset(reads.decode("ascii", "replace").split())
    return TypedAgain(checked, names, signature.decode("utf-8", "replace"), file)
