"""One monitor for several editors: each hears all, none ends it for the others."""

from attrs import define, field

from lsp_aid.build.shared import SharedMonitor
from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.build_status import BuildSource, BuildStatus
from lsp_aid.domain.ports import BuildListener
from lsp_aid.errors import AidError, ToolchainError

GREEN = BuildStatus(BuildResult(True, (), 0.1), BuildSource.OWN_WATCH)


@define(eq=False)
class Builds:
    """Implements the port `Monitor` by what the test says."""

    listener: BuildListener | None = None
    saves: list[str] = field(factory=list)
    closed: int = 0

    def start(self, listener: BuildListener) -> None:
        self.listener = listener

    def saved(self, *paths: str) -> None:
        self.saves += paths

    async def build(self) -> BuildResult:
        return GREEN.result

    async def close(self) -> None:
        self.closed += 1


@define(eq=False)
class Editor:
    """Implements the port `BuildListener`, and notes what it hears."""

    heard: list[object] = field(factory=list)

    def build_begun(self) -> None:
        self.heard.append("begun")

    def build_ended(self, status: BuildStatus) -> None:
        self.heard.append(status)

    def build_failed(self, error: AidError) -> None:
        self.heard.append(error)

    def toolchain_changed(self) -> None:
        self.heard.append("toolchain")


async def test_each_hears_all_and_who_comes_late_how_it_stands() -> None:
    builds = Builds()
    shared = SharedMonitor(builds)
    one, two = Editor(), Editor()
    first, second = shared.follow(), shared.follow()
    first.start(one)
    assert builds.listener is shared
    shared.build_begun()
    shared.build_ended(GREEN)
    second.start(two)
    second.start(two)
    shared.build_failed(failure := ToolchainError("no dune"))
    assert one.heard == ["begun", GREEN, failure]
    assert two.heard == [GREEN, failure]
    second.saved("a.ml")
    assert builds.saves == ["a.ml"]
    assert await first.build() == GREEN.result


async def test_it_ends_with_the_last_who_lets_go_of_it() -> None:
    builds, stale = Builds(), []
    shared = SharedMonitor(builds, lambda: stale.append(True))
    one, two = Editor(), Editor()
    first, second = shared.follow(), shared.follow()
    first.start(one)
    second.start(two)
    await first.close()
    await first.close()
    shared.build_begun()
    assert (one.heard, two.heard, builds.closed, stale) == ([], ["begun"], 0, [])
    await second.close()
    assert (builds.closed, stale) == (1, [True])


async def test_with_another_toolchain_nobody_new_follows_it() -> None:
    stale: list[bool] = []
    shared = SharedMonitor(Builds(), lambda: stale.append(True))
    editors = [Editor(), Editor()]
    for editor in editors:
        shared.follow().start(editor)
    shared.toolchain_changed()
    assert [editor.heard for editor in editors] == [["toolchain"], ["toolchain"]]
    assert stale == [True]


async def test_what_goes_wrong_with_one_is_nothing_to_the_others() -> None:
    class Broken(Editor):
        def build_begun(self) -> None:
            raise RuntimeError("a defect")

    shared = SharedMonitor(Builds())
    one, two = Broken(), Editor()
    for editor in (one, two):
        shared.follow().start(editor)
    shared.build_begun()
    assert two.heard == ["begun"]
