"""Modules that others see otherwise than before, and those who do: typed together, without dune.

The build would compile anew all that is behind them. Here each module is typed that reads one of the interfaces that
differ, and no other, against the new ones; where its own interface differs then, so are those who read that, until
nothing differs any more. As dependencies have no cycle, the build comes to the same.
"""

import asyncio
import contextlib
from collections.abc import Collection, Mapping

from attrs import define, field, frozen

from lsp_aid.ces.graph import Unit
from lsp_aid.ces.needs import Key, Needs, module_of
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.typed import TypedAgain
from lsp_aid.errors import AidError

_ROUNDS = 16


class UndecidedError(Exception):
    """Dune has to say, for the reason given."""


@frozen
class Together:
    """What is said of the changed modules and all that see them otherwise: `red` by the unit that it is about, nothing
    where all is green. `warnings` are those of the changed modules."""

    red: Mapping[Unit, tuple[Diagnostic, ...]]
    warnings: tuple[Diagnostic, ...]


@define(eq=False)
class Dependents:
    """Those of one base, which is green. With the first question it begins to find out what each module reads."""

    needs: Needs
    _learning: "asyncio.Task[None] | None" = field(default=None, init=False)

    async def close(self) -> None:
        if self._learning is not None:
            self._learning.cancel()
            await asyncio.wait([self._learning])

    async def learn(self) -> None:
        """Raises ToolchainError, BuildTimeoutError."""
        await self.needs.learn_all()

    async def _learn(self) -> None:
        with contextlib.suppress(AidError):  # then what may be read counts for what is
            await self.learn()

    async def judge(self, texts: Mapping[str, str], units: Collection[Unit], most: int) -> Together:
        """`units` are the compilations of the changed modules, `texts` their new texts. No more than `most` are tried.

        Raises UndecidedError, ToolchainError, BuildTimeoutError, FileUnreadableError."""
        await self.needs.load()
        self._learning = self._learning or asyncio.create_task(self._learn())
        done = await self._all_typed(texts, {(unit.object, unit.is_interface) for unit in units}, most)
        red = {key for key, typed in done.items() if not typed.checked.build.green}
        final = {key for key in red if not any(self._stops(other, key) for other in red)}
        if red and not final:
            raise UndecidedError("modules that are red see one another")
        own = [typed for key, typed in done.items() if self._unit(key) in units and key not in red]
        warnings = tuple(d for typed in own for d in typed.checked.build.diagnostics if not d.is_error)
        return Together({self._unit(key): done[key].checked.build.errors for key in final}, warnings)

    async def _all_typed(self, texts: Mapping[str, str], todo: set[Key], most: int) -> dict[Key, TypedAgain]:
        """What is said of all compilations that can tell a difference, once there is no more to be told."""
        known: dict[str, TypedAgain] = {}
        done: dict[Key, TypedAgain] = {}
        changed = frozenset(todo)
        for _ in range(_ROUNDS):
            self._check(todo, len(done.keys() | todo), most)
            # First what others see. The rest, which takes longer, is then typed once.
            now = {key for key in todo if self.needs.compilations[key].provides} or todo
            typed = await self.needs.type(now, texts, {name: each.file for name, each in known.items()})
            done |= typed
            for key in now - changed:
                # What differs has not been seen, so that it is as in the base.
                if not (typed[key].reads | {module_of(key)}) & known.keys() and typed[key].checked.build.green:
                    self.needs.learn(key, typed[key])
            shown = {module_of(key): each for key, each in done.items() if each.file}
            differ = {name for name in known.keys() | shown.keys() if _shown(known, name) != _shown(shown, name)}
            if several := differ & self.needs.several:
                raise UndecidedError(f"there are several modules {min(several)}")
            known = shown
            todo = todo - now | {key for key in self.needs.users(differ) if key not in done}
            todo |= {key for key, each in done.items() if each.reads & differ}
            if not todo:
                return done
        raise UndecidedError("one interface after the other differs")

    def _check(self, todo: Collection[Key], count: int, most: int) -> None:
        if count > most:
            raise UndecidedError(f"{count} compilations may see otherwise what has changed")
        for key in todo:
            unit = self.needs.compilations[key].unit
            if unit is None:
                raise UndecidedError(f"{key[0]} is not compiled as it is")
            if not unit.ends_here:
                raise UndecidedError(f"more than the compiler reads what is made of {unit.source}")

    def _unit(self, key: Key) -> Unit:
        unit = self.needs.compilations[key].unit
        assert unit is not None  # it was typed
        return unit

    def _stops(self, red: Key, other: Key) -> bool:
        """Whether the build does not come to a compilation for want of the interface that a red one would make."""
        if red == other or not self.needs.compilations[red].provides:
            return False
        return red[0] == other[0] or self._unit(other).may_see(self._unit(red))


def _shown(known: Mapping[str, TypedAgain], name: str) -> str | None:
    return known[name].signature if name in known else None
