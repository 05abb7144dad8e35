"""What is said to a model."""

import enum

from attrs import frozen


class Role(enum.StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@frozen
class Message:
    role: Role
    text: str
