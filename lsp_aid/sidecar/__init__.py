"""The sidecar: a relay that editors start, and the daemon under it that can be replaced at any time.

The relay (`relay.py` and what it imports) is of the standard library alone, and of that what is quick to import: not
even `typing` or `collections.abc`, which type checkers alone read there. The daemon is handed its server by `wiring`.
docs/sidecar.md describes what they say to each other.
"""
