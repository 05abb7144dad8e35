"""Count which tokens follow which in OCaml's sources, for `repair/slips/usual.py`.

    python -m tools.fit_slips FOLDER... [--least N]

All .ml and .mli files below the folders are read. What was seen no more than N times behind the same words is left out.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from lsp_aid.ocaml.tokens import tokens
from lsp_aid.repair.slips import usual

OUT = Path(usual.__file__).with_name("usual.json")
_LARGEST = 400_000


def texts(folders: list[Path]) -> Iterator[list[usual.Piece]]:
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*.ml*") if p.suffix in (".ml", ".mli") and p.is_file()):
            text = path.read_text(encoding="utf-8", errors="replace")
            if len(text) <= _LARGEST:
                yield usual.pieces(text, usual.merged(tokens(text)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--least", type=float, default=3)
    options = parser.parse_args()
    counted = usual.Usual.of(texts(options.folders), options.least)
    counts = {history: dict(sorted(words.items())) for history, words in sorted(counted.counts.items())}
    whole = {history: {word: int(count) for word, count in words.items()} for history, words in counts.items()}
    OUT.write_text(json.dumps(whole, ensure_ascii=True, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{len(whole)} rows, {OUT.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
