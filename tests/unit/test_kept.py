"""What a file says is read once, and again when the file is another."""

import os

import pytest

from tenfold.kept import kept


def test_a_file_is_read_again_when_it_changes(tmp_path):
    path, asked = tmp_path / "a.txt", []

    def read(at):
        asked.append(at)
        return at.read_text()

    path.write_text("one")
    assert [kept(read, path), kept(read, path)] == ["one", "one"]
    assert len(asked) == 1
    other = tmp_path / "b.txt"
    other.write_text("two")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)  # as old and as long, yet another
    assert kept(read, path) == "two"
    path.unlink()
    with pytest.raises(FileNotFoundError):
        kept(read, path)
