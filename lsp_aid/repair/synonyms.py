"""Names of functions that mean the same, whichever a library has chosen."""

_GROUPS = [
    set(group.split())
    for group in (
        "find get lookup fetch search query read load select",
        "find_opt get_opt lookup_opt find_option try_find",
        "add insert put set push append store save register include",
        "remove delete del drop erase unset unregister",
        "length size count len cardinal",
        "create make init new_ empty v build construct",
        "iter foreach for_each each",
        "map transform convert",
        "fold reduce fold_left",
        "filter keep retain select",
        "mem exists has contains member is_member",
        "show to_string print pp string_of display render format stringify",
        "of_string parse from_string read decode",
        "equal eq equals is_equal same",
        "compare cmp order",
        "run start exec execute launch main go",
        "stop close finish shutdown end_ terminate quit",
        "open_ connect",
        "write output emit send",
        "replace update set modify",
        "draw render paint",
        "start begin",
        "is_empty empty null",
        "clear reset flush",
        "head hd first peek top",
        "tail tl rest",
        "pop dequeue take next",
        "concat join append",
        "reverse rev",
        "max maximum largest",
        "min minimum smallest",
        "sum total",
        "area surface",
        "name title label",
        "error failure fail",
    )
]


def mean_the_same(left: str, right: str) -> bool:
    """Whether two names may stand for the same function: `get` and `find`, `get_user` and `find_user`."""
    if left == right:
        return True
    ours, theirs = left.casefold().split("_"), right.casefold().split("_")
    if any({left, right} <= group for group in _GROUPS):
        return True
    if len(ours) != len(theirs):
        return False
    return all(
        one == other or any({one, other} <= group for group in _GROUPS) for one, other in zip(ours, theirs, strict=True)
    )
