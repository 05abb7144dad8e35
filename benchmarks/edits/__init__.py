"""Do edits land in the right place? Replies are made from real OCaml files, spoilt as models spoil them, and applied.

    python -m benchmarks.edits [--cases N] [--seed S] [--json] [--no-aider] [--case N] [--cost]

`corpus` finds the files, `changes` makes before/after pairs, `writers` writes them in each format, `damage` spoils
them, `meaning` says independently what a spoilt reply still means, `ours` and `aider` apply it, `judging` compares.
"""
