"""Measurements: what lsp-aid does well, and how well. Nothing here ships; see docs/benchmarks.md."""
