"""Many small requests as fewer large ones, whose size follows what they cost."""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from attrs import define

_SECONDS = 0.04  # what is cancelled ends at once, so that this only bounds how much is done in vain
_MOST = 256
_MOST_TEXT = 1 << 20
T = TypeVar("T")
R = TypeVar("R")

_AT_ONCE = 2  # while one is worked on, the next one waits for its turn


@define
class _Pace:
    """How many items one request takes."""

    size: int

    def took(self, count: int, seconds: float) -> None:
        fitting = int(count * _SECONDS / max(seconds, 1e-6))
        self.size = max(1, min(fitting, 2 * self.size, _MOST))


def _parts(items: Iterable[T], pace: _Pace, length: Callable[[T], int]) -> Iterator[list[T]]:
    rest = iter(items)
    while part := list(itertools.islice(rest, 1)):
        total = length(part[0])
        while len(part) < pace.size and total < _MOST_TEXT:
            more = list(itertools.islice(rest, 1))
            if not more:
                break
            part += more
            total += length(more[0])
        yield part


async def answers(
    items: Iterable[T],
    together: Callable[[Sequence[T]], Awaitable[Sequence[R] | None]],
    alone: Callable[[T], Awaitable[R | None]],
    length: Callable[[T], int],
    first: int = 4,
) -> AsyncGenerator[R | None]:
    """One answer for each item, in their order; so many are asked for at `first`. `together` gives those of several
    items, or None where it cannot: then `alone` is asked for each of them. Closing the generator cancels what is under
    way."""
    pace = _Pace(first)
    tasks: deque[asyncio.Task[Sequence[R | None]]] = deque()

    async def work(part: Sequence[T]) -> Sequence[R | None]:
        started = time.monotonic()
        found = await together(part)
        if found is None:
            return [await alone(item) for item in part]
        pace.took(len(part), time.monotonic() - started)
        return found

    parts = _parts(items, pace, length)
    try:
        while True:
            while len(tasks) < _AT_ONCE and (part := next(parts, None)) is not None:
                tasks.append(asyncio.create_task(work(part)))
            if not tasks:
                return
            found = await tasks[0]
            tasks.popleft()
            if (part := next(parts, None)) is not None:  # it is under way while the answers are looked at
                tasks.append(asyncio.create_task(work(part)))
                await asyncio.sleep(0)
            for answer in found:
                yield answer
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
