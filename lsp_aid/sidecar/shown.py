"""What the editor shows or has agreed to because a daemon said so, and what becomes of it when that daemon goes."""

from __future__ import annotations

from lsp_aid.sidecar.quick_json import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Message = dict[str, Any]
    Send = Callable[[Message], None]


class Shown:
    """Diagnostics and progress of the daemon that is there. `send` goes to the editor."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._diagnostics: dict[str, None] = {}
        self._progress: dict[bytes, Any] = {}

    def notice(self, method: str, params: Any) -> None:
        """Takes note of a notification that the editor is sent."""
        if not isinstance(params, dict):
            return
        if method == "textDocument/publishDiagnostics":
            uri = params.get("uri")
            if isinstance(uri, str):
                if params.get("diagnostics"):
                    self._diagnostics[uri] = None
                else:
                    self._diagnostics.pop(uri, None)
        elif method == "$/progress":
            value = params.get("value")
            kind = value.get("kind") if isinstance(value, dict) else None
            token = params.get("token")
            if kind == "begin":
                self._progress[dumps(token)] = token
            elif kind == "end":
                self._progress.pop(dumps(token), None)

    def take_down(self) -> None:
        """The daemon is gone: nobody will say what became of it."""
        for token in self._progress.values():
            value = {"kind": "end", "message": "The server was restarted"}
            self._send({"jsonrpc": "2.0", "method": "$/progress", "params": {"token": token, "value": value}})
        for uri in self._diagnostics:
            none: Message = {"uri": uri, "diagnostics": []}
            self._send({"jsonrpc": "2.0", "method": "textDocument/publishDiagnostics", "params": none})
        self._progress.clear()
        self._diagnostics.clear()


class Registrations:
    """What the editor was asked to send beyond what it does by itself. A new daemon asks for the same again; the editor
    is asked for the difference alone."""

    def __init__(self) -> None:
        self._known: dict[str, Message] = {}
        self._unconfirmed: set[str] = set()

    def begin_again(self) -> None:
        """A new daemon begins: what it does not ask for again is no longer wanted."""
        self._unconfirmed = set(self._known)

    def ask(self, params: Any) -> tuple[list[Message], list[Message]]:
        """Takes note of what a daemon asks for. What has to be registered, and what unregistered before that."""
        fresh, stale = [], []
        for registration in _listed(params, "registrations"):
            identifier = registration["id"]
            self._unconfirmed.discard(identifier)
            known = self._known.get(identifier)
            if known != registration:
                if known is not None:
                    stale.append(known)
                fresh.append(registration)
                self._known[identifier] = registration
        return fresh, stale

    def withdraw(self, params: Any) -> list[Message]:
        """Takes note of what a daemon no longer wants. What there is of that."""
        found = [self._known.pop(item["id"], None) for item in _listed(params, "unregisterations")]
        return [registration for registration in found if registration is not None]

    def unwanted(self) -> list[Message]:
        """What was not asked for again, and is forgotten now."""
        found = [self._known.pop(identifier) for identifier in self._unconfirmed if identifier in self._known]
        self._unconfirmed.clear()
        return found

    def refused(self, params: Any) -> None:
        """The editor did not do it."""
        for registration in _listed(params, "registrations"):
            self._known.pop(registration["id"], None)


def unregistration(registrations: list[Message]) -> Message:
    """The parameters of the request that takes registrations back. The misspelling is the protocol's."""
    return {"unregisterations": [{"id": r["id"], "method": r["method"]} for r in registrations]}


def _listed(params: Any, name: str) -> Iterator[Message]:
    items = params.get(name) if isinstance(params, dict) else None
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and isinstance(item.get("id"), str) and isinstance(item.get("method"), str):
            yield item
