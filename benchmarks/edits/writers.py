"""Writes a reply in each format, independently of how lsp-aid prints diffs and reads replies."""

from benchmarks.edits.reply import ADD, ELIDED, KEEP, REMOVE, FileReply, Hunk, Reply, Style


def written(reply: Reply) -> str:
    """The reply as a model would send it."""
    parts = [_WRITERS[reply.format](reply)]
    if reply.style.before:
        parts.insert(0, reply.style.before)
    if reply.style.after:
        parts.append(reply.style.after)
    text = "\n".join(parts)
    return text.replace("\n", reply.style.line_end)


def _unified_diff(reply: Reply) -> str:
    lines: list[str] = []
    for file in reply.files:
        if lines and reply.style.between:
            lines += [reply.style.fence, reply.style.between, f"{reply.style.fence}diff"]
        lines += _diff_of_file(file, reply.style)
    return "\n".join([f"{reply.style.fence}{reply.style.info or 'diff'}", *lines, reply.style.fence, ""])


def _diff_of_file(file: FileReply, style: Style) -> list[str]:
    old, new = (f"a/{file.path}", f"b/{file.path}") if style.prefix else (file.path, file.path)
    if file.kind == "create":
        body = file.text.removesuffix("\n").split("\n")
        head = ["--- /dev/null", f"+++ {style.path.format(new)}", f"@@ -0,0 +1,{len(body)} @@"]
        return [*head, *(f"+{line}" for line in body)]
    if file.kind == "delete":
        body = file.text.removesuffix("\n").split("\n")
        head = [f"--- {style.path.format(old)}", "+++ /dev/null", f"@@ -1,{len(body)} +0,0 @@"]
        return [*head, *(f"-{line}" for line in body)]
    lines = [f"--- {style.path.format(old)}", f"+++ {style.path.format(new)}"]
    shift = 0
    for hunk in file.hunks:
        lines += [_diff_head(hunk, shift, style), *_signed(hunk, style)]
        shift += sum(row.sign == ADD for row in hunk.rows) - sum(row.sign == REMOVE for row in hunk.rows)
    return lines


def _diff_head(hunk: Hunk, shift: int, style: Style) -> str:
    within = f" {hunk.within}" if hunk.within else ""
    if hunk.number is None:
        return style.head + (within if style.head.endswith("@@") and style.head != "@@" else "")
    old = sum(row.sign in (KEEP, REMOVE) for row in hunk.rows)
    new = sum(row.sign in (KEEP, ADD) for row in hunk.rows)
    old_count, new_count = hunk.counts or (old, new)
    first = hunk.number - (old == 0)
    return f"@@ -{first},{old_count} +{max(0, hunk.number + shift - (new == 0))},{new_count} @@{within}"


def _signed(hunk: Hunk, style: Style) -> list[str]:
    lines = []
    for row in hunk.rows:
        if row.sign == ELIDED:
            lines.append(f" {style.elision}")
        elif style.bare_blanks and row.sign == KEEP and not row.text:
            lines.append("")
        else:
            lines.append(row.sign + row.text)
    return lines


def _apply_patch(reply: Reply) -> str:
    style = reply.style
    lines = ["*** Begin Patch"]
    for file in reply.files:
        path = style.path.format(file.path)
        if file.kind == "create":
            lines += [f"*** Add File: {path}", *(f"+{line}" for line in file.text.removesuffix("\n").split("\n"))]
        elif file.kind == "delete":
            lines.append(f"*** Delete File: {path}")
        else:
            lines.append(f"*** Update File: {path}")
            for hunk in file.hunks:
                lines += [f"@@ {hunk.within}".rstrip(), *_signed(hunk, style)]
    lines.append("*** End Patch")
    if style.info:
        lines = [f"{style.fence}{style.info}", *lines, style.fence]
    return "\n".join([*lines, ""])


def _search_replace(reply: Reply) -> str:
    style = reply.style
    lines: list[str] = []
    for file in reply.files:
        hunks = file.hunks if file.kind == "change" else [None]
        for hunk in hunks:
            if lines and style.between:
                lines += [style.between, ""]
            if hunk is None:
                search, replace = [], file.text.removesuffix("\n").split("\n")
            else:
                search, replace = _side(hunk, REMOVE, style), _side(hunk, ADD, style)
            block = ["<<<<<<< SEARCH", *search, "=======", *replace, ">>>>>>> REPLACE"]
            lines += [style.path.format(file.path), f"{style.fence}{style.info or 'ocaml'}", *block, style.fence, ""]
    return "\n".join(lines)


def _side(hunk: Hunk, sign: str, style: Style) -> list[str]:
    return [
        f"{style.indent}{style.elision}" if row.sign == ELIDED else row.text
        for row in hunk.rows
        if row.sign in (KEEP, ELIDED, sign)
    ]


def _whole_file(reply: Reply) -> str:
    style = reply.style
    lines: list[str] = []
    for file in reply.files:
        if lines and style.between:
            lines += [style.between, ""]
        body = file.text.removesuffix("\n").split("\n")
        fence = style.fence + "`" if any(line.lstrip().startswith("```") for line in body) else style.fence
        lines += [style.path.format(file.path), f"{fence}{style.info or 'ocaml'}", *body, fence, ""]
    return "\n".join(lines)


_WRITERS = {
    "unified_diff": _unified_diff,
    "search_replace": _search_replace,
    "whole_file": _whole_file,
    "apply_patch": _apply_patch,
}
