"""What is known of a project's build, and from where."""

import enum

from attrs import frozen

from lsp_aid.domain.build import BuildResult


class BuildSource(enum.StrEnum):
    USER_WATCH = "user watch"  # the user's own `dune build --watch`
    OWN_WATCH = "own watch"
    ONE_SHOT = "one-shot"


@frozen
class Promotion:
    """A file that a rule made, which may take the place of one in the source tree. `in_build` is absolute, `in_source`
    relative to the project's root."""

    in_build: str
    in_source: str


@frozen
class BuildStatus:
    """One complete build, never a part of one."""

    result: BuildResult
    source: BuildSource
    promotions: tuple[Promotion, ...] = ()
