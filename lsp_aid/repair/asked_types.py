"""What the type checker says of parts of a file that is in error: types, names in scope, how far a text is right."""

import contextlib
from collections.abc import Sequence

from attrs import frozen

from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.ports import Typer
from lsp_aid.domain.text import SourceText
from lsp_aid.domain.typed import CompilerFlags, NameKind, Variant
from lsp_aid.errors import AidError, ToolchainError
from lsp_aid.repair.family import Problem
from lsp_aid.repair.modules_not_built import modules_not_built
from lsp_aid.repair.places import text_of
from lsp_aid.repair.type_shapes import Type, read

MOST_CHARACTERS = 200_000
_LATER = ("The implementation", "Could not find the .cmi file for interface")
_HEAD = "modules not built"
_HOLE = "assert false"
_SHOWN = "Stdlib.Obj.magic"
EVERYTHING = float("inf")


@frozen
class AskedTypes:
    """The type checker for one file. Nothing it says is the last word: modules may have changed since the build.

    `head` is what stands in front of the file's own text, where that uses modules that are not built as they are.
    """

    typer: Typer
    flags: CompilerFlags
    path: str
    text: str
    start: int = 0  # of the error
    head: str = ""

    @classmethod
    async def of(cls, problem: Problem) -> "AskedTypes | None":
        """None where the module cannot be typed by itself."""
        path = problem.diagnostic.path
        text = problem.source.text
        if problem.typing is None or not path.endswith(".ml") or len(text) > MOST_CHARACTERS:
            return None
        try:
            flags = await problem.typing.flags_for(path)
        except AidError:
            return None
        if flags is None:
            return None
        if _HEAD not in problem.said:
            problem.said[_HEAD] = modules_not_built(problem)
        return cls(problem.typing.typer, flags, path, text, problem.start, problem.said[_HEAD])

    async def of_parts(
        self, item: tuple[int, int], place: tuple[int, int], parts: Sequence[str]
    ) -> tuple[Type | None, list[Type | None]]:
        """What the item that a place is in wants there, and the types of expressions if they stood there alone. None
        where that cannot be told."""
        head, tail = self.text[item[0] : place[0]], self.text[place[1] : item[1]]
        wanted = Variant(f"{head}({_HOLE}){tail}", len(head) + 1)
        opening = "(let _ = "
        alone = [
            Variant(f"{head}{opening}{_SHOWN} ({part}) in {_HOLE}){tail}", len(head) + len(opening)) for part in parts
        ]
        variants = [wanted, *alone]
        types = await self._judged(item[0], variants)
        if types and all(type_ is None for type_ in types):
            types = [await self._by_position(f"{self.text[: item[0]]}{v.text}", item[0] + v.look_at) for v in variants]
        if types and all(type_ is None for type_ in types):
            # The item has other errors: what needs nothing of it is told.
            apart = [Variant(f"let _ = {_SHOWN} ({part})", len("let _ = ")) for part in parts]
            types = [None, *await self._judged(item[0], apart)]
        first, *rest = types or [None]
        return first, [type_.parts[0] if type_ is not None and type_.head == "->" else None for type_ in rest]

    async def _judged(self, start: int, variants: Sequence[Variant]) -> list[Type | None]:
        asked = self.typer.judge(self.path, f"{self.head}{self.text[:start]}", variants, "", self.flags)
        async with contextlib.aclosing(asked) as answers:
            return [read(answer.type) if answer is not None and answer.type else None async for answer in answers]

    async def _by_position(self, text: str, offset: int) -> Type | None:
        """Where a preprocessor wants whole files. None, too, where the typer gives the text up."""
        whole, at = f"{self.head}{text}", len(self.head) + offset
        try:
            found = await self.typer.type_at(self.path, whole, SourceText(whole).position(at), self.flags)
        except ToolchainError:
            return None
        return read(found[0].type) if found else None

    async def values(self, offset: int, within: str = "") -> list[tuple[str, Type]]:
        """The values in scope at an offset, the nearest first; those of a module where one is named.

        Empty, too, where the typer gives the text up: the modules that it opens may not be built yet.
        """
        whole = f"{self.head}{self.text}"
        position = SourceText(whole).position(len(self.head) + offset)
        try:
            scope = await self.typer.scope_at(self.path, whole, position, self.flags, within=within)
        except ToolchainError:
            return []
        return [(name.name, read(name.type)) for name in scope.names if name.kind is NameKind.VALUE]

    async def reached(self, texts: Sequence[str]) -> list[float]:
        """How far each text is right, as an offset in it; `EVERYTHING` where no error of type is left.

        The type checker knows the modules that were built before anything was repaired. Where it misses one that is in
        order by now it does not get to the error: it has no objection to any text then, and the build decides.
        """
        found = await self._reached(texts)
        if found and 0 <= max(found) < self.start and (await self._reached([self.text]))[0] < self.start:
            return [EVERYTHING] * len(found)
        return found

    async def _reached(self, texts: Sequence[str]) -> list[float]:
        found: list[float] = []
        whole = [f"{self.head}{text}" for text in texts]
        async with contextlib.aclosing(self.typer.check_many(self.path, whole, self.flags)) as answers:
            async for answer in answers:
                found.append(-1.0 if answer is None else EVERYTHING)
                errors = answer.build.errors if answer is not None else ()
                hard = [e for e in errors if not (e.code or "").startswith("warning") and not _is_later(e)]
                if hard:
                    at = SourceText(whole[len(found) - 1]).offset(hard[0].range.start)
                    found[-1] = float(max(at - len(self.head), 0))
        return found


async def fitting(problem: Problem, interfaces: Sequence[str]) -> list[bool | None]:
    """Of each text for the interface that a problem is of, whether it is right and the implementation beside it fits;
    None where that cannot be told."""
    unit = problem.diagnostic.path.removesuffix("i")
    implementation = text_of(problem.view, unit)
    flags = await problem.typing.flags_for(unit) if problem.typing is not None else None
    found: list[bool | None] = []
    for interface in interfaces:
        found.append(None)
        if problem.typing is not None and implementation is not None and flags is not None:
            # The compiler itself fails where modules that use the interface know it as it was built.
            with contextlib.suppress(AidError):
                checked = await problem.typing.typer.check(unit, implementation, flags, interface=interface)
                found[-1] = checked.build.green
    return found


def _is_later(error: Diagnostic) -> bool:
    """An interface is looked at once all types are right; that of a program may not be there yet."""
    return error.message.lstrip().startswith(_LATER)
