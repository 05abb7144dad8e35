"""JSON-RPC as the server speaks it: pygls, and in one place each what it gets wrong.

- Only the message itself is structured, never an object within it that happens to have a key `jsonrpc`.
- Parameters that do not fit are answered InvalidParams; a request is never left without an answer.
- `executeCommand` can be cancelled, as every other request can.
- A request to the client has a time-out, and an answer that is late or malformed harms nothing.
- An error reply says what happened; the traceback goes to the log. Where no id could be read it is null, not left out.
- `exit` ends the server, not the process around it. After `shutdown` a request is answered InvalidRequest.
- Documents are kept by `workspace.documents`, not a second time by pygls.
- All servers of a process have one converter: making one, and the code that it makes of each type, takes 20 ms.
"""

import asyncio
import contextvars
import functools
import itertools
import json
import logging
from typing import Any

import cattrs
from attrs import frozen
from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage, LanguageServerProtocol, default_converter

from lsp_aid.errors import AidError, UsageError

log = logging.getLogger(__name__)

_OWN_FEATURES = (
    types.TEXT_DOCUMENT_DID_OPEN,
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.TEXT_DOCUMENT_DID_CLOSE,
    types.NOTEBOOK_DOCUMENT_DID_OPEN,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS,
    types.WORKSPACE_EXECUTE_COMMAND,
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL,
    types.SHUTDOWN,
    types.EXIT,
)
"""Features that pygls brings and that the server has its own way with."""

REQUEST_FAILED = types.LSPErrorCodes.RequestFailed.value


@functools.cache
def converter() -> cattrs.Converter:
    """What makes the protocol's types of plain JSON, and plain JSON of them."""
    return default_converter()  # type: ignore[no-untyped-call,no-any-return]


class ClientError(Exception):
    """The client answered a request of ours with an error, not in the form of the protocol, or not at all."""


@frozen
class _Asked:
    method: str
    answer: "asyncio.Future[Any]"


class AidProtocol(LanguageServerProtocol):
    """`ended` is set once the client has said `exit`; `exit_code` is then the process's."""

    def __init__(self, server: LanguageServer, converter: cattrs.Converter) -> None:
        super().__init__(server, converter)
        self.ended = asyncio.Event()
        self.exit_code = 0
        self._asked: dict[str | int, _Asked] = {}
        self._numbers = itertools.count(1)

    def _register_builtin_features(self) -> None:
        super()._register_builtin_features()  # type: ignore[no-untyped-call]
        for method in _OWN_FEATURES:
            self.fm.builtin_features.pop(method, None)

    @property
    def is_initialized(self) -> bool:
        return self._workspace is not None

    def structure(self, value: Any, kind: Any) -> Any:
        """`value`, plain JSON, as an instance of one of the protocol's types. Raises UsageError."""
        try:
            return self._converter.structure(value, kind)
        except Exception as error:
            raise UsageError("The parameters do not fit: " + _problems(error)) from error

    # --- what comes in ---

    def receive(self, body: bytes) -> None:
        """Takes one message. Never raises."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(None, types.ErrorCodes.ParseError, "This is no JSON.")
            return
        if not isinstance(message, dict) or message.get("jsonrpc") != self.VERSION:
            self._refuse(None, types.ErrorCodes.InvalidRequest, "This is no JSON-RPC 2.0 message.")
        elif isinstance(message.get("method"), str):
            if "id" in message:
                self._receive_request(message)
            else:
                self._receive_notification(message)
        elif "id" in message:
            self._receive_answer(message)
        else:
            self._refuse(None, types.ErrorCodes.InvalidRequest, "The message has neither a method nor an id.")

    def _receive_request(self, message: dict[str, Any]) -> None:
        identifier, method = message["id"], message["method"]
        if isinstance(identifier, bool) or not isinstance(identifier, int | str):
            self._refuse(None, types.ErrorCodes.InvalidRequest, "The id is neither a number nor a string.")
        elif self._shutdown:
            self._refuse(identifier, types.ErrorCodes.InvalidRequest, "The server is shut down.")
        elif not self.is_initialized and method != types.INITIALIZE:
            self._refuse(identifier, types.ErrorCodes.ServerNotInitialized, "`initialize` comes first.")
        elif self.is_initialized and method == types.INITIALIZE:
            self._refuse(identifier, types.ErrorCodes.InvalidRequest, "The server is initialized already.")
        elif not self._knows(method):
            self._refuse(identifier, types.ErrorCodes.MethodNotFound, f"There is no method {method}.")
        else:
            try:
                parameters = self._parameters(message)
            except UsageError as error:
                self._refuse(identifier, types.ErrorCodes.InvalidParams, str(error))
                return
            contextvars.copy_context().run(self._handle_request, identifier, method, parameters)

    def _receive_notification(self, message: dict[str, Any]) -> None:
        method = message["method"]
        known = method == types.CANCEL_REQUEST or self._knows(method)
        if not known or ((self._shutdown or not self.is_initialized) and method != types.EXIT):
            log.debug("The notification %s is ignored", method)
            return
        try:
            parameters = self._parameters(message)
        except UsageError as error:
            log.warning("The notification %s is ignored: %s", method, error)
            return
        contextvars.copy_context().run(self._handle_notification, method, parameters)

    def _knows(self, method: str) -> bool:
        return method in self.fm.builtin_features or method in self.fm.features

    def _parameters(self, message: dict[str, Any]) -> Any:
        kind = self.get_message_type(message["method"])
        return self.structure(message, kind).params if kind else message.get("params")

    def _receive_answer(self, message: dict[str, Any]) -> None:
        identifier = message["id"]
        asked = self._asked.pop(identifier, None) if isinstance(identifier, int | str) else None
        if asked is None or asked.answer.done():
            log.debug("An answer came too late or to no question: %r", identifier)
            return
        try:
            asked.answer.set_result(self._answer(asked.method, message))
        except (ClientError, UsageError) as error:
            asked.answer.set_exception(ClientError(f"{asked.method}: {error}"))

    def _answer(self, method: str, message: dict[str, Any]) -> Any:
        if (error := message.get("error")) is not None:  # some clients send a null one along with the result
            raise ClientError(str(error.get("message") if isinstance(error, dict) else error))
        if "result" not in message:
            raise ClientError("the answer has neither a result nor an error")
        kind = self.get_result_type(method)
        return self.structure(message, kind).result if kind else message["result"]

    # --- what goes out ---

    async def ask(self, method: str, parameters: Any, seconds: float) -> Any:
        """The client's answer. Raises ClientError where it is an error, malformed, or not there after `seconds`."""
        identifier = f"lsp-aid:{next(self._numbers)}"
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[identifier] = _Asked(method, answer)
        kind = self.get_message_type(method) or JsonRPCRequestMessage
        try:
            self._send_data(kind(id=identifier, method=method, params=parameters, jsonrpc=self.VERSION))
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError:
            self.notify(types.CANCEL_REQUEST, types.CancelParams(id=identifier))
            raise ClientError(f"{method} was not answered within {seconds:g} s") from None
        finally:
            self._asked.pop(identifier, None)

    def tell(self, method: str, parameters: dict[str, Any]) -> None:
        """Sends a notification of our own."""
        self._send_data(JsonRPCNotification(method=method, params=parameters, jsonrpc=self.VERSION))

    def _refuse(self, identifier: int | str | None, code: types.ErrorCodes | int, message: str) -> None:
        number = code.value if isinstance(code, types.ErrorCodes) else code
        # Plain, since an id that is null is left out of what is made from the protocol's types.
        self._send_data({"jsonrpc": self.VERSION, "id": identifier, "error": {"code": number, "message": message}})

    def _send_handler_result(self, future: Any, *, msg_id: int | str) -> None:
        error = None if future.cancelled() else future.exception()
        if isinstance(error, AidError):
            self._request_futures.pop(msg_id, None)
            usage = isinstance(error, UsageError)
            self._refuse(msg_id, types.ErrorCodes.InvalidParams if usage else REQUEST_FAILED, str(error))
        else:
            super()._send_handler_result(future, msg_id=msg_id)

    def _send_response(
        self, msg_id: int | str, result: Any | None = None, error: types.ResponseError | None = None
    ) -> None:
        if error is not None:
            error = types.ResponseError(code=error.code, message=error.message)
        super()._send_response(msg_id, result, error)

    # --- the end ---

    def refuse_further(self) -> None:
        """From here on every request is refused: the client has said `shutdown`."""
        self._shutdown = True

    def cancel_requests(self) -> None:
        """Cancels what the client waits for, but for the request that this is called from."""
        for identifier, future in tuple(self._request_futures.items()):
            if identifier != self.msg_id:
                future.cancel()

    def end(self, exit_code: int | None = None) -> None:
        """Ends the server. Without an exit code it is 0 after `shutdown`, else 1, as the protocol has it."""
        self.exit_code = (0 if self._shutdown else 1) if exit_code is None else exit_code
        self.ended.set()


def _problems(error: BaseException) -> str:
    if isinstance(error, cattrs.BaseValidationError):
        return "; ".join(cattrs.transform_error(error))
    return str(error) or type(error).__name__
