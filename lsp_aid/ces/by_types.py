"""What the type checker says of a change, and whether that is the last word.

Red is final where everything that the module is typed against is what the build would type it against. Green is final
where besides each changed module keeps its signature or is seen by none, or all who see it are green as well
(`dependents.py`), needs no module of its library that it did not need (there could be a cycle), and nothing but the
compiler reads its file. Whatever is not proven is left to dune. Before the checker's word on a module counts, it has to
say the same of the text in the base as dune has said.
"""

import asyncio
import shlex
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from attrs import define, field, frozen

from lsp_aid.ces.base import Base
from lsp_aid.ces.dependents import Dependents, UndecidedError
from lsp_aid.ces.graph import BUILD_ROOT, Graph, Unit
from lsp_aid.ces.naming import may_be_otherwise
from lsp_aid.ces.needs import Needs, absolute
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.ports import Typer
from lsp_aid.domain.typed import Again, Checked, CompilerFlags
from lsp_aid.errors import AidError
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import parse
from lsp_aid.workspace.view import WorkspaceView


@frozen
class ByTypes:
    """`red` are errors that dune would find too, `parsed` tells whether they are more than errors of syntax. `green`:
    it is proven that dune would be green. With neither, dune has to say; `reason` is why. `warnings` are those of
    modules that are green."""

    red: tuple[Diagnostic, ...] = ()
    parsed: bool = True
    green: bool = False
    reason: str = ""
    warnings: tuple[Diagnostic, ...] = ()


@frozen
class _Known:
    """What the checker says of a module as it is in the base; no signature where it cannot tell."""

    signature: str | None
    modules: frozenset[str]


@frozen
class _Group:
    """The implementation and the interface of one module, as far as there are units for them."""

    implementation: Unit | None
    interface: Unit | None

    @property
    def units(self) -> tuple[Unit, ...]:
        return tuple(unit for unit in (self.interface, self.implementation) if unit)

    @property
    def shown(self) -> Unit:
        """The unit that others see."""
        found = self.interface or self.implementation
        assert found is not None
        return found


@frozen
class _Judged:
    """`errors` and `warnings` of a group with the change. `changed`: others may see a difference. `grown`: it names
    modules of its own library that it did not name. `names` are all that it names."""

    group: _Group
    errors: tuple[Diagnostic, ...]
    warnings: tuple[Diagnostic, ...]
    changed: bool
    grown: bool
    names: frozenset[str]
    parsed: bool


@define(eq=False)
class TypesTier:
    """The type checker on one base. What it says of the base's own modules is asked once."""

    base: Base
    typer: Typer
    _known: dict[str, _Known | str] = field(factory=dict, init=False)
    _dependents: Dependents | None = field(default=None, init=False)
    _unsound: frozenset[str] | None = field(default=None, init=False)

    async def dependents(self) -> Dependents:
        """Those who see modules of the base. Reads a file."""
        if self._dependents is None:
            graph = await asyncio.to_thread(lambda: self.base.graph)
            self._dependents = Dependents(Needs(self.base, graph, self.typer))
        return self._dependents

    async def close(self) -> None:
        """Ends what goes on beside the verdicts."""
        if self._dependents is not None:
            await self._dependents.close()

    async def judge(self, changes: ChangeSet, most: int = 0) -> ByTypes:
        """Where others may see a difference, they are typed too, as long as all that is typed are at most so many
        compilations."""
        try:
            return await self._judge(changes, most)
        except UndecidedError as undecided:
            return ByTypes(reason=str(undecided))
        except AidError as error:
            return ByTypes(reason=f"the type checker could not say: {error.what}")

    async def _judge(self, changes: ChangeSet, most: int) -> ByTypes:
        graph = await asyncio.to_thread(lambda: self.base.graph)
        if not graph.units:
            raise UndecidedError("dune does not tell its rules")
        for change in changes.files:
            if change.before is None or change.after is None:
                raise UndecidedError(f"{change.path} is created or deleted")
            if change.path not in graph.units:
                raise UndecidedError(f"{change.path} is no module that is compiled as it is")
        unsound = await self._not_to_be_typed(graph)
        texts = {path: text for path, text in changes.texts.items() if text is not None}
        groups = _groups(graph, texts)
        for unit in (unit for group in groups for unit in group.units):
            if unit.object in unsound:
                raise UndecidedError(f"{unit.source} needs what is red in the base")
        judged = [await self._judge_group(graph, group, texts) for group in groups]
        return self._final(judged) or await self._together(graph, judged, texts, most)

    def _final(self, judged: list[_Judged]) -> ByTypes | None:
        """The red that is final whatever the others turn out to be."""
        unsure = [each for each in judged if each.errors or each.changed]
        # What is made of these may be run by the build, and write whatever another module is typed against.
        loose = [each for each in judged if not all(unit.ends_here for unit in each.group.units)]
        final = [
            each
            for each in judged
            if each.errors and not (each.parsed and (_sees_any(each, unsure) or _is_written_anew(each, loose)))
        ]
        if not final:
            return None
        warnings = tuple(w for each in judged for w in each.warnings)
        red = tuple(error for each in final for error in each.errors)
        return ByTypes(red, any(each.parsed for each in final), warnings=warnings)

    async def _together(self, graph: Graph, judged: list[_Judged], texts: Mapping[str, str], most: int) -> ByTypes:
        """What is said of the changed modules with all that see them."""
        for each in judged:
            path = each.group.shown.source
            if each.grown:
                raise UndecidedError(f"{path} needs modules that it did not need")
            if not all(unit.ends_here for unit in each.group.units):
                raise UndecidedError(f"more than the compiler reads {path}, or what is made of it")
        if not self.base.record.checked.green:
            raise UndecidedError("the base has errors")
        seen = [each for each in judged if each.errors or (each.changed and _is_seen(each, judged))]
        if not seen:
            return ByTypes(green=True, warnings=tuple(w for each in judged for w in each.warnings))
        path = seen[0].group.shown.source
        if not most:
            raise UndecidedError(f"others see {path} otherwise than before")
        dependents = await self.dependents()
        units = [unit for each in judged for unit in each.group.units]
        found = await dependents.judge(texts, units, most)
        for unit in found.red.keys() - set(units):
            await self._calibrated(graph, unit)
        red = tuple(error for errors in found.red.values() for error in errors)
        return ByTypes(red, green=not red, warnings=found.warnings)

    async def _calibrated(self, graph: Graph, unit: Unit) -> None:
        """Raises UndecidedError for a unit of which the checker does not say in the base what dune has said."""
        if graph.units.get(unit.source) is not unit:
            raise UndecidedError(f"{unit.source} is made by the build")
        (group,) = _groups(graph, [unit.source])
        if isinstance(known := await self._of_base(graph, group), str):
            raise UndecidedError(known)

    async def _judge_group(self, graph: Graph, group: _Group, texts: Mapping[str, str]) -> _Judged:
        known = await self._of_base(graph, group)
        if isinstance(known, str):
            raise UndecidedError(known)
        view = WorkspaceView(self.base.tree)
        shown = group.shown
        interface_changed = group.interface is not None and group.interface.source in texts
        checked: list[Checked] = []
        if interface_changed:
            assert group.interface is not None
            checked.append(await self._check(group.interface, texts[group.interface.source], signature=True))
        if group.implementation is not None:
            path = group.implementation.source
            text = texts[path] if path in texts else await asyncio.to_thread(view.read, path)
            given = texts[group.interface.source] if group.interface and interface_changed else None
            whole = group.interface is None
            if not interface_changed or checked[0].build.green:
                checked.append(await self._check(group.implementation, text, interface=given, signature=whole))
        errors = tuple(d for each in checked for d in each.build.errors)
        if errors and any([unit.preprocessor and await self._is_rewritten_anew(unit, texts) for unit in group.units]):
            raise UndecidedError(f"what rewriters make of {shown.source} may take more than its text")
        if not errors and not all(each.is_whole for each in checked):
            raise UndecidedError(f"the type checker does not tell what {shown.source} needs")
        changed = shown.source in texts and not errors and known.signature != checked[0].signature
        names = frozenset(name for each in checked for name in each.modules)
        grown = bool((names - known.modules) & graph.neighbours(shown))
        warnings = tuple(d for each in checked for d in each.build.diagnostics if not d.is_error)
        parsed = not all(_is_syntax(error) for error in errors)
        return _Judged(group, errors, warnings, changed, grown, names, parsed)

    async def _is_rewritten_anew(self, unit: Unit, texts: Mapping[str, str]) -> bool:
        """Whether rewriters are asked for what they were not asked for in the base. That may be to read a file, which
        lies elsewhere for the type checker than for dune."""
        if unit.source not in texts:
            return False
        before = await asyncio.to_thread(WorkspaceView(self.base.tree).read, unit.source)
        return _for_rewriters(unit.source, before) != _for_rewriters(unit.source, texts[unit.source])

    async def _of_base(self, graph: Graph, group: _Group) -> _Known | str:
        """What the checker says of a module of the base; a text where that is not what dune says."""
        key = group.shown.source
        if key not in self._known:
            self._known[key] = await self._calibrate(group)
        return self._known[key]

    async def _calibrate(self, group: _Group) -> _Known | str:
        view = WorkspaceView(self.base.tree)
        signature: str | None = None
        modules = set[str]()
        for unit in group.units:
            text = await asyncio.to_thread(view.read, unit.source)
            checked = await self._check(unit, text, signature=unit is group.shown)
            said = [d.identity for d in self.base.record.checked.errors if d.path == unit.source]
            if sorted(map(str, said)) != sorted(str(d.identity) for d in checked.build.errors):
                return f"the type checker does not say of {unit.source} in the base what dune says"
            if unit is group.shown:
                signature = checked.signature if checked.is_whole else None
            modules |= checked.modules
        return _Known(signature, frozenset(modules))

    async def _check(self, unit: Unit, text: str, *, interface: str | None = None, signature: bool = False) -> Checked:
        folder = self.base.tree / BUILD_ROOT
        words = [*absolute(unit.words, str(folder))]
        if unit.preprocessor:
            program, *arguments = unit.preprocessor
            words += ["-pp", shlex.join([str(folder / program), *arguments])]
        flags = CompilerFlags(tuple(words), folder, unit.name)
        checked = await self.typer.check(unit.source, text, flags, interface=interface, signature=signature)
        if may_be_otherwise(words, checked.build.errors):
            # Typed by who has read nothing else, it is told as the build tells it.
            again = Again(unit.source, text, unit.name, provides=False, interface=interface)
            answers = await self.typer.check_against([again], flags, {})
            return answers[0].checked if answers else checked
        return checked

    async def _not_to_be_typed(self, graph: Graph) -> frozenset[str]:
        """The objects that are not in the base, or not as they should be, since something that they need is red."""
        if self._unsound is None:
            self._unsound = await asyncio.to_thread(_unsound, graph, self.base)
        return self._unsound


def _unsound(graph: Graph, base: Base) -> frozenset[str]:
    if base.record.checked.green:
        return frozenset()
    red = {error.path for error in base.record.checked.errors}
    if not red <= set(graph.units):
        return frozenset(unit.object for unit in graph.units.values())  # who knows what could not be made
    bad = {unit.object for unit in graph.units.values() if unit.source in red}
    folders = {PurePosixPath(made).parent.as_posix() for made in bad}
    # What is red itself can be typed, for all that it needs is there.
    return frozenset(
        unit.object
        for unit in graph.units.values()
        if (unit.sees & bad - {unit.object}) or (unit.sees_folders & folders)
    )


def _groups(graph: Graph, paths: Iterable[str]) -> list[_Group]:
    found: dict[str, _Group] = {}
    for path in paths:
        stem = path.rpartition(".")[0]
        made = graph.units[path].object
        if made not in found:
            sides = [graph.units.get(f"{stem}.ml"), graph.units.get(f"{stem}.mli")]
            implementation, interface = (unit if unit and unit.object == made else None for unit in sides)
            found[made] = _Group(implementation, interface)
    return list(found.values())


def _is_seen(judged: _Judged, others: Iterable[_Judged]) -> bool:
    return judged.group.shown.is_seen or any(_sees_any(other, [judged]) for other in others)


def _is_written_anew(judged: _Judged, loose: Iterable[_Judged]) -> bool:
    """Whether what a module is typed against may be made of what is changed, of its own text even. What is made of a
    module that is red is not: a program, say."""
    return any(other is not judged or any(unit.is_read for unit in other.group.units) for other in loose)


def _sees_any(judged: _Judged, others: Iterable[_Judged]) -> bool:
    """Whether a module may be typed against one of the others, by what dune knows or by what it names now."""
    for other in others:
        if other is judged:
            continue
        if any(unit.may_see(other.group.shown) for unit in judged.group.units):
            return True
        name = other.group.shown.name
        if {part[:1].upper() + part[1:] for part in (name, *name.split("__"))} & judged.names:
            return True
    return False


def _for_rewriters(path: str, text: str) -> list[str]:
    """All that stands in a text for rewriters, each with what it is about."""
    nodes = parse(text, path).walk("attribute_id", "quoted_extension", "quoted_item_extension")
    return sorted(" ".join((node.parent or node).text.split()) for node in nodes)


def _is_syntax(error: Diagnostic) -> bool:
    return isinstance(messages.read(error), messages.SyntaxProblem)
