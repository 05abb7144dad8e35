"""The client, as the rest of the server speaks to it: no request without a time-out, no answer that could raise."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen
from lsprotocol import types

from lsp_aid.server.capabilities import ClientFeatures
from lsp_aid.server.protocol import AidProtocol, ClientError

log = logging.getLogger(__name__)

QUICK_SECONDS = 5.0  # what an editor answers by itself
PERSON_SECONDS = 600.0  # what a person answers


@frozen
class Applied:
    """What became of an edit. `reason` is the client's, often empty."""

    done: bool
    reason: str = ""


@frozen
class Client:
    protocol: AidProtocol
    can: ClientFeatures

    def show(self, message: str, kind: types.MessageType = types.MessageType.Error) -> None:
        """Shows a message to the user."""
        self.protocol.notify(types.WINDOW_SHOW_MESSAGE, types.ShowMessageParams(type=kind, message=message))

    def tell(self, method: str, parameters: dict[str, Any]) -> None:
        """Sends a notification of our own, to a client that is ready for such."""
        if self.can.own_notifications:
            self.protocol.tell(method, parameters)

    async def choose(self, message: str, *titles: str) -> str | None:
        """Which of the answers the user picked; None for none, or where the client does not answer."""
        params = types.ShowMessageRequestParams(
            type=types.MessageType.Warning, message=message, actions=[types.MessageActionItem(title=t) for t in titles]
        )
        picked = await self._ask(types.WINDOW_SHOW_MESSAGE_REQUEST, params, PERSON_SECONDS)
        return picked.title if isinstance(picked, types.MessageActionItem) and picked.title in titles else None

    async def settings(self, section: str) -> Mapping[str, Any]:
        """What the editor has set in a section; nothing where it cannot say."""
        if not self.can.configuration:
            return {}
        params = types.ConfigurationParams(items=[types.ConfigurationItem(section=section)])
        answer = await self._ask(types.WORKSPACE_CONFIGURATION, params, QUICK_SECONDS)
        first = answer[0] if isinstance(answer, Sequence) and answer else None
        return first if isinstance(first, Mapping) else {}

    async def register(self, *registrations: types.Registration) -> None:
        """Asks the client to send more. One that cannot goes without."""
        params = types.RegistrationParams(registrations=list(registrations))
        await self._ask(types.CLIENT_REGISTER_CAPABILITY, params, QUICK_SECONDS)

    async def apply_edit(self, edit: types.WorkspaceEdit, label: str) -> Applied:
        """Has the client make an edit. Some ask their user first."""
        try:
            params = types.ApplyWorkspaceEditParams(edit=edit, label=label)
            answer = await self.protocol.ask(types.WORKSPACE_APPLY_EDIT, params, PERSON_SECONDS)
        except ClientError as error:
            return Applied(False, str(error))
        if not isinstance(answer, types.ApplyWorkspaceEditResult):
            return Applied(False, "the editor's answer is empty")
        return Applied(answer.applied, answer.failure_reason or "")

    async def open_document(self, uri: str) -> bool:
        """Whether the client opened a document for its user to read. It is for a client that `can.documents`."""
        params = types.ShowDocumentParams(uri=uri, take_focus=True)
        answer = await self._ask(types.WINDOW_SHOW_DOCUMENT, params, QUICK_SECONDS)
        return isinstance(answer, types.ShowDocumentResult) and answer.success

    async def create_progress(self, token: str) -> bool:
        """Whether the client is ready to show the progress of `token`."""
        if not self.can.progress:
            return False
        try:
            params = types.WorkDoneProgressCreateParams(token=token)
            await self.protocol.ask(types.WINDOW_WORK_DONE_PROGRESS_CREATE, params, QUICK_SECONDS)
        except ClientError as error:
            log.info("No progress is shown: %s", error)
            return False
        return True

    async def _ask(self, method: str, params: Any, seconds: float) -> Any:
        try:
            return await self.protocol.ask(method, params, seconds)
        except ClientError as error:
            log.warning("%s", error)
            return None
