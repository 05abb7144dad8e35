"""The answer of a chat completions endpoint, read as it arrives: a stream of events, or one JSON object."""

import json
from typing import Any

from lsp_aid.config import ModelSettings
from lsp_aid.errors import ModelError, ModelProtocolError, ModelRejectedError
from lsp_aid.models import failures
from lsp_aid.models.sse import EventReader

MAX_ANSWER_BYTES = 32_000_000


class Completion:
    """Takes the bytes of the body, gives the pieces of the answer. `complete` once the answer is known to be whole."""

    def __init__(self, settings: ModelSettings, shown: str) -> None:
        self._settings = settings
        self._shown = shown
        self._head = b""
        self._json: bytearray | None = None
        self._events: EventReader | None = None
        self._size = 0
        self.complete = False

    def feed(self, chunk: bytes) -> list[str]:
        """The pieces of the answer in this chunk. Raises the errors below ModelError."""
        self._size += len(chunk)
        if self._size > MAX_ANSWER_BYTES:
            raise ModelProtocolError(f"{self._shown} sent more than {MAX_ANSWER_BYTES} bytes", "Look at the endpoint.")
        if self._json is None and self._events is None:
            chunk = self._head + chunk
            self._head = chunk if not chunk.strip() else b""
            self._begin(chunk.lstrip())
        if self._json is not None:
            self._json += chunk
            return []
        return self._pieces(self._events.feed(chunk)) if self._events else []

    def end(self) -> list[str]:
        """What is left when the connection ends. Raises ModelCutOffError where the answer is not whole."""
        pieces: list[str] = []
        if self._json is not None:
            pieces = self._whole(self._parsed(self._json.decode("utf-8", errors="replace")))
        elif self._events:
            pieces = self._pieces(self._events.end())
        if not self.complete:
            raise failures.cut_off(self._shown)
        return pieces

    def _begin(self, head: bytes) -> None:
        """Some endpoints ignore `stream`, some proxies answer 200 with a page: the first byte tells, headers lie."""
        if head.startswith(b"<"):
            page = failures.said_by(head.decode("utf-8", errors="replace")) or "a page"
            raise ModelProtocolError(
                f"{self._shown} answered with {page} instead of an answer of a model",
                "A proxy or a login page may stand in between: check `model.url` and the proxy settings.",
            )
        if head.startswith(b"{"):
            self._json = bytearray()
        elif head:
            self._events = EventReader()

    def _pieces(self, events: list[str]) -> list[str]:
        pieces: list[str] = []
        for data in events:
            if self.complete:
                break
            if data.strip() == "[DONE]":
                self.complete = True
                break
            pieces += self._choice(self._parsed(data), "delta")
        return pieces

    def _whole(self, content: dict[str, Any]) -> list[str]:
        pieces = self._choice(content, "message")
        self.complete = True
        return pieces

    def _choice(self, content: dict[str, Any], member: str) -> list[str]:
        if content.get("error"):
            raise failures.of_error_object(content["error"], self._shown, self._settings)
        choices = content.get("choices")
        if choices is None and member == "delta":
            return []
        if not isinstance(choices, list):
            raise self._strange(content)
        if not choices:  # a last event with the usage alone
            return []
        choice = choices[0]
        message = choice.get(member) if isinstance(choice, dict) else None
        if not isinstance(choice, dict) or not isinstance(message, (dict, type(None))):
            raise self._strange(content)
        text = self._text((message or {}).get("content"), content)
        self._finish(choice.get("finish_reason"))
        return [text] if text else []

    def _text(self, content: Any, whole: Any) -> str:
        if isinstance(content, list):
            parts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
            content = "".join(part for part in parts if isinstance(part, str))
        if not isinstance(content, (str, type(None))):
            raise self._strange(whole)
        return content or ""

    def _finish(self, reason: Any) -> None:
        if reason in ("length", "max_tokens"):
            raise failures.too_long(self._settings)
        if reason == "content_filter":
            raise ModelRejectedError(f"{self._shown} withheld the answer (content filter)", "Put it differently.")
        if reason in ("error", "abort"):
            raise failures.of_error_object("it gave up in the middle of the answer", self._shown, self._settings)
        self.complete = self.complete or bool(reason)

    def _parsed(self, text: str) -> dict[str, Any]:
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            raise self._strange(text)
        return content

    def _strange(self, content: Any) -> ModelError:
        excerpt = " ".join(str(content).split())[:120]
        return ModelProtocolError(
            f"{self._shown} does not answer as a chat endpoint: {excerpt!r}",
            "Check that `model.url` is the base address of an OpenAI-compatible endpoint.",
        )
