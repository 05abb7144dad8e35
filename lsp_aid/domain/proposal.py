"""What is offered to the user, and how sure we are of it."""

import enum

from attrs import frozen

from lsp_aid.domain.build import BuildResult, Evaluation
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.diagnostics import Diagnostic


class Level(enum.StrEnum):
    """How far a proposal was checked. Never more than it is."""

    VERIFIED = "verified"  # the whole build is green with it
    PARSES = "parses"  # every changed OCaml file parses; the build with it is red, or was not made
    UNVERIFIED = "unverified"  # not even that is known


class Kind(enum.StrEnum):
    FIX = "fix"  # repairs errors
    GUESS = "guess"  # repairs errors by what may lose or leave out something that was meant: a person has to look
    SKELETON = "skeleton"  # makes the build green with a body that a person has to write
    CHANGE = "change"  # what a prompt asked for
    PROMOTION = "promotion"  # what the build made, an expect test's output for instance


@frozen
class Verdict:
    """`remaining` are the errors of the build with the change, `introduced` those of them that were not there before.
    `detail` says in a few words why the level is what it is. `built`: whether a build was made with the change."""

    level: Level
    detail: str = ""
    remaining: tuple[Diagnostic, ...] = ()
    introduced: tuple[Diagnostic, ...] = ()
    built: bool = False


@frozen
class Proposal:
    """A complete alternative. `source` is who made it: `engine:missing_rec`, `model:qwen3`. `title` is one line."""

    id: str
    task: str
    title: str
    changes: ChangeSet
    verdict: Verdict
    source: str
    kind: Kind
    explanation: str = ""
    seconds: float = 0.0


def judge(before: BuildResult | None, after: Evaluation, parses: bool) -> Verdict:
    """How sure one can be of a change, from the build without it, the build with it, and whether its files parse."""
    level = Level.PARSES if parses else Level.UNVERIFIED
    if after.build is None:
        return Verdict(level, after.reason)
    if after.build.green:
        return Verdict(Level.VERIFIED, "the build is green with it", built=True)
    known = [d.identity for d in before.errors] if before else []
    introduced = []
    for error in after.build.errors:
        if error.identity in known:
            known.remove(error.identity)
        else:
            introduced.append(error)
    count = len(after.build.errors)
    detail = f"the build has {count} error{'s' if count != 1 else ''} with it, {len(introduced)} of them new"
    return Verdict(level, detail, after.build.errors, tuple(introduced), built=True)
