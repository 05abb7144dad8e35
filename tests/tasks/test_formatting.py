"""What a model wrote takes the form of the project; a formatter that fails takes nothing away."""

from attrs import define

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.tasks.formatting import formatted


@define
class Tidy:
    """Strips lines; knows no BOM, no carriage return, and no text with a question mark."""

    async def format(self, path: str, text: str) -> str | None:
        assert "\r" not in text
        assert "\ufeff" not in text
        if "?" in text:
            return None
        return "".join(f"{line.strip()}\n" for line in text.removesuffix("\n").split("\n"))


async def check(before: str | None, after: str | None, wanted: str | None, path: str = "lib/a.ml") -> None:
    change = ChangeSet([FileChange(path, before, after)])
    assert await formatted(Tidy(), change) == ChangeSet([FileChange(path, before, wanted)])


async def test_what_changed_is_formatted() -> None:
    await check("  old\nb\nc\n", "  old\nb\n  C\n", "  old\nb\nC\n")
    await check(None, "  a\n", "a\n")
    await check("a\n", None, None)


async def test_bom_line_ends_and_a_missing_last_one_stay() -> None:
    await check("\ufeffa\r\nb", "\ufeff  A\r\nb", "\ufeffA\r\nb")


async def test_where_it_cannot_the_text_stays() -> None:
    await check("a\n", "  ?\n", "  ?\n")
    await check("?\n", "  a\n", "  a\n")
    await check("a\n", "  a b\n", "  a b\n", path="lib/dune")


async def test_a_change_of_layout_alone_stays_a_change() -> None:
    await check("a\nb\n", "a\n  b\n", "a\n  b\n")


@define
class Moving:
    """A formatter whose hunks belong together: it takes a mark from the first line and puts it on the last."""

    async def format(self, path: str, text: str) -> str | None:
        first, *middle, last = text.removesuffix("\n").split("\n")
        if first.endswith("("):
            first, last = first[:-1], f"{last}("
        return "".join(f"{line}\n" for line in (first, *middle, last))


async def test_hunks_that_belong_together_are_not_taken_apart() -> None:
    changes = ChangeSet([FileChange("a.ml", "a\nb\nc\nd\n", "A(\nb\nc\nd\n")])
    assert await formatted(Moving(), changes) == changes
