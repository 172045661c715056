"""Renew the SHA-256 entries of data/sources.toml after an evidence file was changed on purpose."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tenfold.evidence.rows import file_hash
from tenfold.files import write_atomic

DATA = Path(__file__).resolve().parents[1] / "data"


def main() -> None:
    """Rewrite the hash of every table whose file changed, and say which."""
    path = DATA / "sources.toml"
    text = path.read_text(encoding="utf-8")
    for name, table in tomllib.loads(text).items():
        file = DATA / table.get("file", f"points/{name}.csv")
        pattern = rf'(^\[{name}\]$(?:\n(?!\[).*)*?\nsha256 = ")[0-9a-f]{{64}}'
        text, found = re.subn(pattern, rf"\g<1>{file_hash(file)}", text, flags=re.MULTILINE)
        if found != 1:
            raise SystemExit(f"{path}: no sha256 in [{name}]")
        if table["sha256"] != file_hash(file):
            print(f"{name}: renewed")
    write_atomic(path, text)


if __name__ == "__main__":
    main()
