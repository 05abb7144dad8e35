"""What is known of a project's build, and from where."""

import enum
from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen

from lsp_aid.domain.build import BuildResult

PROJECT_FILE = "dune-project"
"""Where what is said of a project as a whole is shown."""


class BuildState(enum.StrEnum):
    """How a project stands, in one word."""

    UNTRUSTED = "untrusted"  # nothing of it may be run
    BUILDING = "building"
    GREEN = "green"
    RED = "red"
    FAILED = "failed"  # the build could not be made


class BuildSource(enum.StrEnum):
    USER_WATCH = "user watch"  # the user's own `dune build --watch`
    OWN_WATCH = "own watch"
    ONE_SHOT = "one-shot"


@frozen
class Promotion:
    """A file that a rule made, which may take the place of one in the source tree. `in_build` is absolute, `in_source`
    relative to the project's root. `text` is what it would become, None for what is no text or too long."""

    in_build: str
    in_source: str
    text: str | None = None


@frozen
class BuildStatus:
    """One complete build, never a part of one. `texts` are the files that it says something of, by their paths, as they
    were when it was made, without those that could not be read. `PROJECT_FILE` stands for the project as a whole.
    `build_dir` is where it was built to, where that is known."""

    result: BuildResult
    source: BuildSource
    promotions: tuple[Promotion, ...] = ()
    texts: Mapping[str, str] = field(factory=dict)
    build_dir: Path | None = None

    @property
    def state(self) -> BuildState:
        return BuildState.GREEN if self.result.green else BuildState.RED
