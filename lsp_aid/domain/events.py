"""What happened to proposals, for metrics."""

import enum

from attrs import frozen


class Happening(enum.StrEnum):
    OFFERED = "offered"
    APPLIED = "applied"
    REJECTED = "rejected"
    UNDONE = "undone"


@frozen
class Event:
    """`seconds` from the request to the offer. `model` is empty for the embedded engine. No text of the user's."""

    happening: Happening
    proposal: str
    task: str
    model: str
    strategy: str
    seconds: float
