"""Many small requests as fewer large ones, whose size follows what they cost."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from attrs import define

_SECONDS = 0.08  # what is cancelled ends at once, so that this only bounds how much is done in vain
_MOST = 256
_MOST_TEXT = 1 << 20
_LEAST_TEXT = 10_000
T = TypeVar("T")
R = TypeVar("R")

_AT_ONCE = 2  # while one is worked on, the next one waits for its turn


@define
class Pace:
    """How much text one request takes. It is kept from one lot of items to the next."""

    text: int = _LEAST_TEXT

    def took(self, text: int, seconds: float) -> None:
        """So much was one request. A small one that was quick says little: most of it may not be for the items."""
        fitting = int(text * _SECONDS / max(seconds, 1e-6))
        if seconds > _SECONDS or fitting > self.text:
            self.text = max(_LEAST_TEXT, min(fitting, 2 * self.text, _MOST_TEXT))


def _parts(items: Iterable[T], pace: Pace, length: Callable[[T], int]) -> Iterator[tuple[list[T], int]]:
    """The items in parts, and how much text each part is."""
    part: list[T] = []
    total = 0
    for item in items:
        part.append(item)
        total += length(item)
        if len(part) >= _MOST or total >= pace.text:
            yield part, total
            part, total = [], 0
    if part:
        yield part, total


async def answers(
    items: Iterable[T],
    together: Callable[[Sequence[T]], Awaitable[Sequence[R] | None]],
    alone: Callable[[T], Awaitable[R | None]],
    length: Callable[[T], int],
    pace: Pace,
) -> AsyncGenerator[R | None]:
    """One answer for each item, in their order. `together` gives those of several items, or None where it cannot: then
    `alone` is asked for each of them. Closing the generator cancels what is under way."""
    tasks: deque[asyncio.Task[Sequence[R | None]]] = deque()

    async def work(part: Sequence[T], text: int) -> Sequence[R | None]:
        started = time.monotonic()
        found = await together(part)
        if found is None:
            return [await alone(item) for item in part]
        pace.took(text, time.monotonic() - started)
        return found

    parts = _parts(items, pace, length)
    try:
        while True:
            while len(tasks) < _AT_ONCE and (part := next(parts, None)) is not None:
                tasks.append(asyncio.create_task(work(*part)))
            if not tasks:
                return
            found = await tasks[0]
            tasks.popleft()
            if (part := next(parts, None)) is not None:  # it is under way while the answers are looked at
                tasks.append(asyncio.create_task(work(*part)))
                await asyncio.sleep(0)
            for answer in found:
                yield answer
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
