"""Requests in both directions, and what becomes of them when the daemon that they were made of, or by, is gone.

Each request of the editor's gets exactly one answer. Those that only read are asked of the next daemon, if the document
that they are about is still the same; the others are answered `ContentModified`, for nobody knows how far they came.
Requests of daemons reach the editor under ids that are never used twice, and are never repeated.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    Message = dict[str, Any]
    Identifier = int | str


PARSE_ERROR, INVALID_REQUEST, INTERNAL_ERROR, METHOD_NOT_FOUND = -32700, -32600, -32603, -32601
CANCELLED, CONTENT_MODIFIED, REQUEST_FAILED = -32800, -32801, -32803

_READING = (
    *("textDocument/", "callHierarchy/", "typeHierarchy/", "workspace/symbol", "workspaceSymbol/resolve"),
    *("workspace/diagnostic", "codeAction/resolve", "codeLens/resolve", "completionItem/resolve"),
    *("documentLink/resolve", "inlayHint/resolve"),
)
"""How the methods of the protocol begin that change nothing."""

_MOST_LOSSES = 2
_MOST_HELD, _MOST_HELD_BYTES = 500, 32_000_000
_MOST_ORPHANS = 50


def is_identifier(value: object) -> bool:
    """Whether it can be the id of a request. Python takes `true` for a number."""
    return isinstance(value, int | str) and not isinstance(value, bool)


class Asked:
    """A request of the editor's without an answer. `uri` is the document that it is about, if it names one, and `stamp`
    what tells whether that is still the same. `losses` counts the daemons that crashed over it."""

    def __init__(self, message: Message, body: bytes, since: float) -> None:
        self.id: Identifier = message["id"]
        self.method: str = message["method"]
        self.body = body
        self.since = since
        self.losses = 0
        self.stamp = 0
        params = message.get("params")
        params = params if isinstance(params, dict) else {}
        document = params.get("textDocument")
        uri = document.get("uri") if isinstance(document, dict) else None
        self.uri: str | None = uri if isinstance(uri, str) else None
        command = params.get("command") if self.method == "workspace/executeCommand" else None
        self.command: str | None = command if isinstance(command, str) else None

    @property
    def key(self) -> tuple[str, str | None, int]:
        """What it would be about if it were asked again."""
        return self.method, self.uri, self.stamp


class Requests:
    """Those of the editor: `sent` to the daemon that is there, or `held` until one is."""

    def __init__(self) -> None:
        self.sent: dict[Identifier, Asked] = {}
        self.held: dict[Identifier, Asked] = {}
        self.safe: set[str] = set()
        self._deadly: dict[tuple[str, str | None, int], None] = {}

    @property
    def is_full(self) -> bool:
        """Whether no more is to be held."""
        return len(self.held) >= _MOST_HELD or sum(len(asked.body) for asked in self.held.values()) > _MOST_HELD_BYTES

    def __contains__(self, identifier: Identifier) -> bool:
        return identifier in self.sent or identifier in self.held

    def is_safe(self, asked: Asked) -> bool:
        """Whether it only reads. Daemons name methods and commands that we do not know."""
        if asked.method == "workspace/executeCommand":
            return asked.command in self.safe
        return asked.method.startswith(_READING) or asked.method in self.safe

    def is_deadly(self, asked: Asked) -> bool:
        """Whether daemons crashed over the same request."""
        return asked.key in self._deadly

    def forgive(self) -> None:
        """What daemons crashed over may be asked again."""
        self._deadly.clear()

    def lose(self, *, crashed: bool) -> Iterator[Asked]:
        """The daemon is gone. What is safe is held, in front; the others are given out."""
        lost, self.sent = self.sent, {}
        kept: dict[Identifier, Asked] = {}
        for identifier, asked in lost.items():
            asked.losses += crashed
            if asked.method == "initialize" or (self.is_safe(asked) and asked.losses < _MOST_LOSSES):
                kept[identifier] = asked
            else:
                if asked.losses >= _MOST_LOSSES and asked.uri is not None:
                    self._deadly[asked.key] = None
                    while len(self._deadly) > 100:
                        del self._deadly[next(iter(self._deadly))]
                yield asked
        self.held = {**kept, **self.held}


class Question:
    """A request of a daemon's that the editor has not answered. `relay` tells that the relay itself asked."""

    def __init__(self, generation: int, message: Message, *, relay: bool = False) -> None:
        self.generation = generation
        self.id: Any = message.get("id")
        self.method: str = message["method"]
        self.params: Any = message.get("params")
        self.relay = relay


class Questions:
    """Those of the daemons, by the id under which the editor knows them."""

    def __init__(self) -> None:
        self._open: dict[str, Question] = {}
        self._number = 0

    def ask(self, question: Question) -> str | None:
        """The id for the editor; None where the editor is asked the same already, by a daemon that is gone."""
        if question.method == "window/showMessageRequest":
            for asked in self._open.values():
                if asked.generation != question.generation and _same(asked, question):
                    asked.generation, asked.id = question.generation, question.id
                    return None
        self._number += 1
        identifier = f"lsp-aid:{self._number}"
        self._open[identifier] = question
        return identifier

    def answered(self, identifier: Any) -> Question | None:
        return self._open.pop(identifier, None) if isinstance(identifier, str) else None

    def known_as(self, generation: int, identifier: Any) -> str | None:
        """The id under which the editor knows a question of the daemon's."""
        found = (name for name, q in self._open.items() if q.generation == generation and q.id == identifier)
        return next(found, None)

    def orphaned(self, generation: int) -> Iterable[str]:
        """Those that nobody waits for any longer, now that this daemon is gone. A person who is asked something stays
        asked: the next daemon will want to know the same."""
        found = [name for name, question in self._open.items() if question.generation == generation]
        while len(self._open) > _MOST_ORPHANS:
            del self._open[next(iter(self._open))]
        return [name for name in found if name in self._open and self._open[name].method != "window/showMessageRequest"]


def _same(one: Question, other: Question) -> bool:
    return bool(one.method == other.method and one.params == other.params)
