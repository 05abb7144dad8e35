"""The conversation of one editor with daemons that come and go: what is passed on, kept, held back and said again.

It knows no sockets: what is to be sent goes to the two functions that it is given. docs/sidecar.md has the rules.
"""

from __future__ import annotations

from lsp_aid.sidecar import bridging
from lsp_aid.sidecar.asking import (
    CANCELLED,
    CONTENT_MODIFIED,
    INTERNAL_ERROR,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    REQUEST_FAILED,
    Asked,
    Question,
    Questions,
    Requests,
    is_identifier,
)
from lsp_aid.sidecar.quick_json import JsonError, dumps, loads
from lsp_aid.sidecar.remembered import Remembered
from lsp_aid.sidecar.shown import Registrations, Shown, unregistration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from lsp_aid.sidecar.asking import Message


HELD_SECONDS = 25.0
"""How long a request waits for a daemon. Editors give up earlier, some of them without drawing."""
SETTLED_SECONDS = 10.0
"""After this time a new daemon has asked for what it wants to be sent."""
_ERROR, _WARNING, _INFO = 1, 2, 3

DOWN, BEGINNING, OPENING, UP = range(4)
"""No daemon; one that was told `initialize`; one that is told the documents; one that knows all."""
NO_CARE, SOME_CARE, ONE_BY_ONE = range(3)
"""How to tell a new daemon the documents: and go on, and see that it lives through them all, or through each."""


class Conversation:
    """`to_editor` and `to_daemon` take one message as bytes each; the latter is called only between `connected` and
    `lost`. `probe` is called where it has to be known that the daemon has lived through what it was sent: `survived`
    is the answer."""

    def __init__(
        self,
        to_editor: Callable[[bytes], None],
        to_daemon: Callable[[bytes], None],
        probe: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self.remembered = Remembered()
        self.requests = Requests()
        self.generation = 0
        self.phase = DOWN
        self.holds = False  # new requests, since the daemon is about to go
        self.exited = False
        self.shut_down = False
        self.broken = ""  # why no daemon can serve this editor any longer
        self.set_aside: set[str] = set()
        self._to_editor_bytes = to_editor
        self._to_daemon_bytes = to_daemon
        self._probe = probe
        self._clock = clock
        self._care = NO_CARE
        self._questions = Questions()
        self._shown = Shown(self._tell_editor)
        self._registrations = Registrations()
        self._promised: Message | None = None  # the capabilities that the editor was told
        self._behind = False  # the daemon lacks something that the editor said
        self._to_open: list[str] = []
        self._opening: str | None = None
        self._beginning = ""  # the id of our own `initialize`
        self._settles_at: float | None = None

    # --- from the editor ---

    def from_editor(self, body: bytes) -> None:
        """Takes a message of the editor's, without its head."""
        try:
            message = loads(body)
        except JsonError:
            self._refuse(None, PARSE_ERROR, "This is no JSON.")
            return
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            self._refuse(None, INVALID_REQUEST, "This is no JSON-RPC 2.0 message.")
        elif isinstance(message.get("method"), str):
            if "id" in message:
                self._request(message, body)
            else:
                self._notification(message, body)
        elif "id" in message:
            self._answer_of_editor(message)
        else:
            self._refuse(None, INVALID_REQUEST, "The message has neither a method nor an id.")

    def _request(self, message: Message, body: bytes) -> None:
        identifier = message["id"]
        if not is_identifier(identifier):
            self._refuse(None, INVALID_REQUEST, "The id is neither a number nor a string.")
            return
        if self.shut_down:
            self._refuse(identifier, INVALID_REQUEST, "The server is shut down.")
            return
        if identifier in self.requests:
            self._refuse(identifier, INVALID_REQUEST, "A request with this id has no answer yet.")
            return
        asked = Asked(message, body, self._clock())
        asked.stamp = self.remembered.stamp_of(asked.uri)
        if asked.method == "initialize" and self._promised is None:
            self.remembered.begin(message)
        if asked.method == "shutdown" and (self.phase == DOWN or self.broken):
            self.shut_down = True
            self._answer(identifier, None)
        elif self.broken or self.requests.is_full:
            self._refuse(identifier, REQUEST_FAILED, self.broken or "The server is not there.")
        elif asked.uri in self.set_aside or self.requests.is_deadly(asked):
            self._answer(identifier, None)
        elif self.phase == UP and not self.holds:
            self._send(asked)
        else:
            self.requests.held[identifier] = asked

    def _send(self, asked: Asked) -> None:
        self.shut_down = self.shut_down or asked.method == "shutdown"
        self.requests.sent[asked.id] = asked
        self._to_daemon_bytes(asked.body)

    def _notification(self, message: Message, body: bytes) -> None:
        method, params = message["method"], message.get("params")
        self.remembered.notice(message)
        if method == "exit":
            self.exited = True
        document = params.get("textDocument") if isinstance(params, dict) else None
        uri = document.get("uri") if isinstance(document, dict) else None
        if method == "$/cancelRequest" and isinstance(params, dict) and self._cancel_held(params.get("id")):
            return
        if isinstance(uri, str) and uri in self.set_aside:
            if method == "textDocument/didClose":
                self.set_aside.discard(uri)
            return
        if self.phase == UP or (self.phase == OPENING and uri not in self._to_open):
            self._to_daemon_bytes(body)
        else:
            self._behind = True

    def _cancel_held(self, identifier: Any) -> bool:
        if not is_identifier(identifier) or self.requests.held.pop(identifier, None) is None:
            return False
        self._refuse(identifier, CANCELLED, "The request was cancelled.")
        return True

    def _answer_of_editor(self, message: Message) -> None:
        question = self._questions.answered(message["id"])
        if question is None:
            return
        if question.method == "client/registerCapability" and message.get("error") is not None:
            self._registrations.refused(question.params)
        if not question.relay and question.generation == self.generation and self.phase != DOWN:
            message["id"] = question.id
            self._to_daemon_bytes(dumps(message))

    # --- from the daemon ---

    def from_daemon(self, body: bytes) -> None:
        """Takes a message of the daemon's, without its head. Raises JsonError where it is none."""
        message = loads(body)
        if not isinstance(message, dict):
            raise JsonError("a message is an object")
        method = message.get("method")
        if isinstance(method, str):
            if "id" in message:
                self._question(message, method)
            else:
                self._told(message, method, body)
        elif "id" in message:
            self._answer_of_daemon(message, body)

    def _question(self, message: Message, method: str) -> None:
        if method == "client/registerCapability":
            fresh, stale = self._registrations.ask(message.get("params"))
            if stale:
                self._ask_editor("client/unregisterCapability", unregistration(stale))
            if not fresh:
                self._to_daemon_bytes(dumps({"jsonrpc": "2.0", "id": message["id"], "result": None}))
                return
            message["params"] = {"registrations": fresh}
        elif method == "client/unregisterCapability":
            self._registrations.withdraw(message.get("params"))
        identifier = self._questions.ask(Question(self.generation, message))
        if identifier is not None:
            message["id"] = identifier
            self._tell_editor(message)

    def _told(self, message: Message, method: str, body: bytes) -> None:
        if method == "$/cancelRequest":
            params = message.get("params")
            wanted = params.get("id") if isinstance(params, dict) else None
            identifier = self._questions.known_as(self.generation, wanted)
            if identifier is not None:
                message["params"] = {"id": identifier}
                self._tell_editor(message)
            return
        self._shown.notice(method, message.get("params"))
        self._to_editor_bytes(body)

    def _answer_of_daemon(self, message: Message, body: bytes) -> None:
        identifier = message["id"]
        if identifier is None:
            self._to_editor_bytes(body)  # the daemon could make nothing of something that was sent
            return
        if self._beginning and identifier == self._beginning:
            self._begun(message)
            return
        asked = self.requests.sent.pop(identifier, None) if is_identifier(identifier) else None
        if asked is None:
            return
        error = message.get("error")
        if isinstance(error, dict) and error.get("code") == METHOD_NOT_FOUND and self._was_promised(asked.method):
            self._answer(asked.id, None)  # by a daemon before this one
            return
        if asked.method == "initialize" and error is None and self._promised is None:
            result = message.get("result")
            self.remembered.agree(result)
            self._promised = _capabilities(result)
            self._to_editor_bytes(body)
            if self.phase == BEGINNING:
                self._open_session()
            return
        self._to_editor_bytes(body)

    # --- daemons come and go ---

    def connected(self, care: int = NO_CARE) -> None:
        """A daemon is there, and has been told nothing."""
        self.generation += 1
        self.holds = False
        self._care = care
        self._registrations.begin_again()
        initialize = next((a for a in self.requests.held.values() if a.method == "initialize"), None)
        if self._promised is not None:
            self.phase = BEGINNING
            self._beginning = f"lsp-aid-relay:{self.generation}"
            self._tell_daemon(self.remembered.initialize_again(self._beginning))
        elif initialize is not None:
            del self.requests.held[initialize.id]
            self.phase = BEGINNING if self._behind else UP
            self._send(initialize)
            self._release()
        else:
            self.phase = UP
            self._release()

    def lost(self, *, crashed: bool) -> None:
        """The daemon is gone: it crashed, or went as it was meant to."""
        self.phase, self.holds, self._behind, self._beginning = DOWN, False, True, ""
        self._settles_at = None
        for name in self._questions.orphaned(self.generation):
            self._tell_editor({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": name}})
        self._shown.take_down()
        if crashed and self._opening is not None:
            self._put_aside(self._opening)
        self._opening = None
        self._to_open = []
        for asked in list(self.requests.lose(crashed=crashed)):
            if asked.method == "shutdown":
                self._answer(asked.id, None)
            elif asked.losses > 1:
                self._refuse(asked.id, INTERNAL_ERROR, f"The server crashed over {asked.method}, {asked.losses} times.")
            else:
                self._refuse(asked.id, CONTENT_MODIFIED, "The server was restarted meanwhile.")

    def survived(self) -> None:
        """The daemon has lived through what it was sent: the next document may follow."""
        if self.phase == OPENING:
            self._opening = None
            self._open_next()

    def restarted_on_purpose(self) -> None:
        """What made trouble for older daemons is tried once more with the next one."""
        self.set_aside.clear()
        self.requests.forgive()

    def _begun(self, message: Message) -> None:
        """The new daemon has answered our own `initialize`."""
        self._beginning = ""
        capabilities = _capabilities(message.get("result"))
        error = message.get("error")
        if error is not None:
            reason = error.get("message") if isinstance(error, dict) else error
            self._break(f"the new server does not take this session: {reason}")
        elif bridging.encoding_of(capabilities) != self.remembered.encoding:
            self._break("the new server counts columns in another way")
        else:
            self._bridge(capabilities)
            self._open_session()

    def _break(self, why: str) -> None:
        self.broken = f"lsp-aid: {why}. Start the language server again in the editor."
        self.show(self.broken, _ERROR)
        for asked in list(self.requests.held.values()):
            self._refuse(asked.id, REQUEST_FAILED, self.broken)
        self.requests.held.clear()

    def _open_session(self) -> None:
        for message in self.remembered.session_again():
            self._tell_daemon(message)
        self._behind = False
        self._to_open = [uri for uri in self.remembered.documents if uri not in self.set_aside]
        self.phase = OPENING
        self._open_next()

    def _open_next(self) -> None:
        while self._to_open:
            uri = self._to_open.pop(0)
            document = self.remembered.documents.get(uri)
            if document is not None:
                self._tell_daemon(self.remembered.open_again(document))
                if self._care == ONE_BY_ONE:
                    self._opening = uri
                    self._probe()
                    return
        if self._care == SOME_CARE:
            self._care = NO_CARE
            self._probe()
            return
        self.phase = UP
        self._settles_at = self._clock() + SETTLED_SECONDS
        self._release()

    def _release(self) -> None:
        """Sends what was held, but for what the text has changed under."""
        held, self.requests.held = self.requests.held, {}
        for asked in held.values():
            if self.phase != UP:
                self.requests.held[asked.id] = asked
            elif asked.uri in self.set_aside:
                self._answer(asked.id, None)
            elif asked.uri is not None and asked.stamp != self.remembered.stamp_of(asked.uri):
                self._refuse(asked.id, CONTENT_MODIFIED, "The text has changed meanwhile.")
            else:
                self._send(asked)

    def _put_aside(self, uri: str) -> None:
        self.set_aside.add(uri)
        name = uri.rpartition("/")[2]
        self.show(
            f"lsp-aid: {name} crashed the server, and is left out until it is closed and opened again. "
            "`lsp-aid logs` tells more.",
            _ERROR,
        )

    def _bridge(self, capabilities: Message) -> None:
        assert self._promised is not None
        initialize = self.remembered.initialize
        params = initialize.get("params") if initialize else None
        client = params.get("capabilities") if isinstance(params, dict) else None
        client = client if isinstance(client, dict) else {}
        unsaid = []
        registrations = []
        for provider, method, options in bridging.added(self._promised, capabilities):
            if bridging.is_dynamic(client, method):
                registrations.append({"id": f"lsp-aid-relay:{provider}", "method": method, "registerOptions": options})
            else:
                unsaid.append(method.rpartition("/")[2])
        if registrations:
            fresh, stale = self._registrations.ask({"registrations": registrations})
            if stale:
                self._ask_editor("client/unregisterCapability", unregistration(stale))
            if fresh:
                self._ask_editor("client/registerCapability", {"registrations": fresh})
        # What was said once is not said again.
        if unsaid:
            self.show(
                f"lsp-aid was upgraded. What is new ({', '.join(unsaid)}) is there once the editor starts it again.",
                _INFO,
            )
            self._promised = {**capabilities, **self._promised}

    # --- time ---

    def due(self) -> float:
        """When `tick` is to be called at the latest."""
        times = [asked.since + HELD_SECONDS for asked in self.requests.held.values()]
        return min([*times, float("inf") if self._settles_at is None else self._settles_at])

    def tick(self) -> None:
        """Does what it is time for."""
        now = self._clock()
        for asked in [a for a in self.requests.held.values() if now >= a.since + HELD_SECONDS]:
            del self.requests.held[asked.id]
            self._refuse(asked.id, REQUEST_FAILED, "The server cannot be reached.")
        if self._settles_at is not None and now >= self._settles_at:
            self._settles_at = None
            if unwanted := self._registrations.unwanted():
                self._ask_editor("client/unregisterCapability", unregistration(unwanted))

    # --- how ---

    def _was_promised(self, method: str) -> bool:
        return self._promised is not None and bridging.is_promised(self._promised, method)

    def show(self, text: str, kind: int = _ERROR) -> None:
        """Shows a message to the user, once the editor can take one."""
        if self._promised is not None:
            params = {"type": kind, "message": text}
            self._tell_editor({"jsonrpc": "2.0", "method": "window/showMessage", "params": params})

    def fail(self, why: str, asked: Iterable[Asked] | None = None) -> None:
        """No daemon can be had: answers what waits for one."""
        for one in list(self.requests.held.values() if asked is None else asked):
            self.requests.held.pop(one.id, None)
            self._refuse(one.id, REQUEST_FAILED, why)

    def _ask_editor(self, method: str, params: Message) -> None:
        message: Message = {"jsonrpc": "2.0", "method": method, "params": params}
        message["id"] = self._questions.ask(Question(self.generation, message, relay=True))
        self._tell_editor(message)

    def _refuse(self, identifier: Any, code: int, text: str) -> None:
        self._tell_editor({"jsonrpc": "2.0", "id": identifier, "error": {"code": code, "message": text}})

    def _answer(self, identifier: Any, result: Any) -> None:
        self._tell_editor({"jsonrpc": "2.0", "id": identifier, "result": result})

    def _tell_editor(self, message: Message) -> None:
        self._to_editor_bytes(dumps(message))

    def _tell_daemon(self, message: Message) -> None:
        self._to_daemon_bytes(dumps(message))


def _capabilities(result: Any) -> Message:
    found = result.get("capabilities") if isinstance(result, dict) else None
    return found if isinstance(found, dict) else {}
