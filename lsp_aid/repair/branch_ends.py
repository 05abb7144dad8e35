"""What an expression gives in the end, in each of its branches."""

from collections.abc import Iterator

from lsp_aid.ocaml.syntax import Node


def ends(body: Node) -> Iterator[Node]:
    """The results of a body, through definitions, sequences, functions and matchings, in the order of the text."""
    match body.kind:
        case "let_expression" | "fun_expression" | "match_case":
            inner = body.field("body")
            yield from ends(inner) if inner is not None else ()
        case "sequence_expression" | "parenthesized_expression" | "then_clause" | "else_clause":
            yield from ends(body.named_children[-1])
        case "match_expression" | "function_expression" | "try_expression":
            if body.kind == "try_expression" and (tried := body.field("expression")) is not None:
                yield from ends(tried)
            for case in (child for child in body.named_children if child.kind == "match_case"):
                yield from ends(case)
        case "if_expression":
            for clause in (child for child in body.named_children if child.kind in ("then_clause", "else_clause")):
                yield from ends(clause)
        case _:
            yield body
