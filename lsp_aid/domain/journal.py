"""What was applied to a workspace, so that it can be taken back."""

import enum

from attrs import frozen

from lsp_aid.domain.changes import ChangeSet


class State(enum.StrEnum):
    BEGUN = "begun"  # being written; where its writer has died, some files may be as before and some as after
    APPLIED = "applied"
    UNDONE = "undone"


@frozen
class Entry:
    """One set of changes that was applied to the folder `root`. `proposal` is the proposal's id, empty where there was
    none. `time` is in seconds since the epoch."""

    id: str
    proposal: str
    title: str
    time: float
    root: str
    changes: ChangeSet
    state: State = State.APPLIED
