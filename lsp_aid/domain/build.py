"""What a build says. A failed build is data."""

from attrs import frozen

from lsp_aid.domain.diagnostics import Diagnostic


@frozen
class BuildResult:
    """One finished build. `green`: the build tool ended with 0. `output` is what it printed, for what no shape fits.

    A red build has at least one error among its diagnostics.
    """

    green: bool
    diagnostics: tuple[Diagnostic, ...]
    seconds: float
    output: str = ""

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.is_error)


@frozen
class Evaluation:
    """What became of building a text that is not (yet) on disk. `build` is None where it could not be built at all;
    then `reason` says why, for the user."""

    build: BuildResult | None
    reason: str = ""
