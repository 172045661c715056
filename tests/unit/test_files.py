"""Files from anywhere: bounded reading, and one line for whatever is not what it should be."""

from __future__ import annotations

import errno
import os
import subprocess
import time

import pytest

from tenfold import files
from tenfold.files import SpecError, inside, parse_json, read_bytes, read_json, read_text, read_toml


def refused(step, *given) -> str:
    """The one line that `step` is refused with, in under five seconds."""
    start = time.monotonic()
    with pytest.raises(SpecError) as caught:
        step(*given)
    assert time.monotonic() - start < 5
    (line,) = caught.value.lines
    assert line.isprintable()
    assert len(line) < 400
    return line


def test_pipes_devices_and_folders_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "expected a regular file" in refused(read_bytes, tmp_path / "pipe")
    assert "Is a directory" in refused(read_bytes, tmp_path)
    for device in ("/dev/zero", "/dev/null"):
        (tmp_path / "link").unlink(missing_ok=True)
        (tmp_path / "link").symlink_to(device)
        assert "expected a regular file" in refused(read_bytes, tmp_path / "link")


@pytest.mark.parametrize("name", ["x" * 300, "x/" * 3000, "a\0b", "a\ud800b"])
def test_names_that_no_file_can_have(tmp_path, name):
    with pytest.raises(SpecError, match="cannot be read"):
        read_bytes(tmp_path / name)


def test_at_most_the_limit_is_read(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(b"12345")
    assert read_bytes(path, 5) == b"12345"
    assert "more than 4 bytes" in refused(read_bytes, path, 4)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("é = 1".encode("utf-16"), "UTF-16 text; expected UTF-8"),
        ("é = 1".encode("utf-16-be"), "as UTF-16 text is; expected UTF-8"),
        ("e = 1".encode("utf-32"), "UTF-32 text; expected UTF-8"),
        ("# résumé".encode("cp1252"), "byte 3 (an old encoding, such as Windows-1252?)"),
        (b"PK\x03\x04rest", "save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0rest", "save the sheet as CSV"),
        (b"%PDF-1.7", "a PDF; expected UTF-8 text"),
        (b"\x1f\x8b\x08", "unpack it first"),
        (b"abc\xed\xa0\x80", "not UTF-8 text at byte 3"),
    ],
)
def test_what_is_no_utf8_text_is_named(tmp_path, content, words):
    (tmp_path / "a.csv").write_bytes(content)
    assert words in refused(read_text, tmp_path / "a.csv")


def test_marks_and_line_ends_are_dropped(tmp_path):
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfa = 1\r\nb = 2\rc = 3\n")
    assert read_text(tmp_path / "a") == "a = 1\nb = 2\nc = 3\n"
    assert read_toml(tmp_path / "a") == {"a": 1, "b": 2, "c": 3}
    (tmp_path / "a").write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_json(tmp_path / "a") == {"a": 1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("a = " + "[" * 60 + "]" * 60, "nested too deeply"),
        ("a = " + "{b=" * 5000 + "1" + "}" * 5000, "nested too deeply"),
        ("\n\na = " + "9" * 5000, "line 3: an integer of thousands of digits"),
        ("a = [1, 0x" + "f" * 5000 + "]", "a.1: an integer beyond 64 bits"),
        ("a = 9223372036854775808", "a: an integer beyond 64 bits"),
        ("x = 1\n" + "a." * 100_000 + "a = 1", "line 2: a key of more than 50 dotted parts"),
        ("[" + "'a' . " * 100_000 + "a]", "a key of more than 50 dotted parts"),
        ("a = 2026-99-99", "not valid TOML"),
        ("a" * 1_100_000, "more than 1048576 bytes"),
    ],
)
def test_toml_that_would_hang_or_crash(tmp_path, text, words):
    (tmp_path / "a.toml").write_text(text)
    assert words in refused(read_toml, tmp_path / "a.toml")


@pytest.mark.parametrize("text", ["a", "a." * 20 + "\n", '"', "'a'"])
def test_the_search_for_dotted_keys_takes_time_in_proportion(text):
    def work(size):
        """Processor time of this thread: what else the machine does is not in it."""
        long, least = text * (size // len(text)), float("inf")
        for _ in range(3):
            start = time.thread_time()
            assert files.DOTTED.search(long) is None
            least = min(least, time.thread_time() - start)
        return least

    assert work(800_000) < 16 * work(100_000) + 0.01  # 8 times the text; 64 if it were quadratic


def test_prose_with_dots_is_no_dotted_key(tmp_path):
    (tmp_path / "a.toml").write_text(
        'note = "see e.g. https://a.b.c.example.org/v1.2.3. ' + "x. " * 40
    )
    assert "dotted" not in refused(read_toml, tmp_path / "a.toml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000, "nested too deeply"),
        ("[" * 60 + "]" * 60, "nested too deeply"),
        ('{"a": ' * 60 + "1" + "}" * 60, "a.a.a...: nested too deeply"),
        ('{"a": 1', "not JSON"),
        ("", "not JSON"),
    ],
)
def test_json_that_is_not_read(text, words):
    assert words in refused(parse_json, text, "here")


def test_integers_beyond_every_float_are_infinite():
    assert parse_json("[" + "9" * 5000 + "]", "here") == [float("inf")]


def test_paths_stay_in_their_folder(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "in.csv").write_text("")
    (tmp_path / "out.csv").write_text("")
    (home / "link.csv").symlink_to("in.csv")
    (home / "away.csv").symlink_to("../out.csv")
    for name in ("in.csv", "link.csv", "sub/../in.csv", "new.csv"):
        assert inside(home, name, "here") == home / name
    for name in ("../out.csv", str(tmp_path / "out.csv"), "/etc/passwd", "away.csv"):
        assert "leaves the folder" in refused(inside, home, name, "here")
    assert "not a path" in refused(inside, home, "a\0b", "here")


def test_a_write_clears_what_a_dead_writer_left_and_nothing_of_a_live_one(tmp_path):
    process = subprocess.Popen(["true"])
    process.wait()
    dead, live = (tmp_path / f".other.{pid}.part" for pid in (process.pid, os.getppid()))
    dead.write_text("half")
    live.write_text("half")
    files.write_atomic(tmp_path / "table.csv", "a,b\n")
    assert {path.name for path in tmp_path.iterdir()} == {"table.csv", live.name}


def half_written(folder):
    with files.together(folder) as part:
        files.write_atomic(part / "data" / "a.csv", "new")
        files.write_atomic(part / "b.csv", "new")
        raise OSError(errno.ENOSPC, "No space left on device")


def test_files_go_to_their_folder_together_or_not_at_all(tmp_path):
    folder = tmp_path / "page"
    with files.together(folder) as part:
        files.write_atomic(part / "data" / "a.csv", "old")
        assert not (folder / "data").exists()
    with pytest.raises(SpecError, match="page: cannot be written .No space"):
        half_written(folder)
    assert {path.name for path in folder.rglob("*")} == {"data", "a.csv"}
    assert (folder / "data" / "a.csv").read_text() == "old"
    with pytest.raises(SpecError):
        half_written(tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_folders_that_a_dead_writer_left_go(tmp_path):
    dead = subprocess.Popen(["true"])
    dead.wait()
    left = tmp_path / f".page.{dead.pid}.part" / "data"
    left.mkdir(parents=True)
    (left / "a.csv").write_text("half")
    kept = tmp_path / f".page.{os.getpid()}.part"
    kept.mkdir()
    files.sweep(tmp_path)
    assert list(tmp_path.iterdir()) == [kept]
