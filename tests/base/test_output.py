"""Programs whose standard output or error cannot be written. Whole processes, because they flush once more at exit."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from hyperthumb.base.errors import OutputError
from hyperthumb.base.output import emit, emit_bytes, entry_point, warnings_as_lines

ROOT = Path(__file__).parents[2]
PROGRAM = """
import os, sys
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.output import emit, emit_bytes, entry_point

@entry_point
def main(arguments=None):
    with open(sys.argv[1], "w") as file:
        assert file.fileno() > 2, "the work got the number of standard output"
        BODY
        file.write("done")
    return 0

sys.exit(main())
"""
REMARKS = 'print("a remark"); print("a complaint", file=sys.stderr)'
NEEDS_FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")


def start(folder: Path, body: str, shell: str, unbuffered: bool = False) -> subprocess.CompletedProcess[str]:
    """Runs PROGRAM with this body by a line of shell in which "$@" stands for the program."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    environment |= {"PYTHONPATH": str(ROOT)} | ({"PYTHONUNBUFFERED": "1"} if unbuffered else {})
    program = [sys.executable, "-c", PROGRAM.replace("BODY", body), str(folder / "work")]
    return subprocess.run(
        ["sh", "-c", shell, "sh", *program], env=environment, capture_output=True, text=True, timeout=60
    )


@NEEDS_FULL
@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.parametrize("place", [">/dev/full 2>/dev/full", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full", "2>&-"])
def test_remarks_that_cannot_be_written_are_dropped(tmp_path, place, unbuffered):
    done = start(tmp_path, REMARKS, f'"$@" {place}', unbuffered)
    assert (done.returncode, done.stdout, done.stderr) == (0, "a remark\n" if place.startswith("2") else "", "")
    assert (tmp_path / "work").read_text() == "done"


@NEEDS_FULL
@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.parametrize("call", ['emit("a result")', 'emit_bytes(b"a result")'])
@pytest.mark.parametrize(
    ("place", "reason"), [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")]
)
def test_results_that_cannot_be_written_are_an_error(tmp_path, call, place, reason, unbuffered):
    done = start(tmp_path, call, f'"$@" {place}', unbuffered)
    assert (done.returncode, done.stderr) == (1, f"error: cannot write to standard output: {reason}\n")


@NEEDS_FULL
@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.parametrize(
    ("place", "reason"), [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")]
)
def test_a_help_that_cannot_be_written_is_an_error(tmp_path, place, reason, unbuffered):
    body = "import argparse; argparse.ArgumentParser().parse_args(['--help'])"
    done = start(tmp_path, body, f'"$@" {place}', unbuffered)
    assert (done.returncode, done.stderr) == (1, f"error: cannot write to standard output: {reason}\n")
    done = start(tmp_path, body, '"$@"', unbuffered)
    assert (done.returncode, done.stdout[:6], done.stderr) == (0, "usage:", "")


@NEEDS_FULL
def test_wrong_arguments_keep_their_exit_code(tmp_path):
    body = "import argparse; argparse.ArgumentParser().parse_args(['--nonsense'])"
    assert start(tmp_path, body, '"$@" >/dev/full').returncode == 2


def test_a_removed_current_folder_is_an_error(tmp_path):
    place = tmp_path / "gone"
    place.mkdir()
    done = start(tmp_path, REMARKS, f'cd "{place}" && rmdir "{place}" && "$@"')
    sentence = "error: the current folder was removed or cannot be entered; change to another one\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence)


def test_a_closed_pipe_ends_the_program_without_a_message(tmp_path):
    body = 'print("a remark", flush=True)\n        for _ in range(100_000): emit("a result")'
    done = start(tmp_path, body, '{ "$@"; echo $? >&2; } | head -n 1')
    assert (done.stdout, done.stderr) == ("a remark\n", "1\n")


@NEEDS_FULL
def test_a_user_error_keeps_its_exit_code_if_it_cannot_be_printed(tmp_path):
    assert start(tmp_path, 'raise HyperthumbError("a mistake")', '"$@" >/dev/full 2>/dev/full').returncode == 1


def test_exceptions_of_main_become_exit_codes(capsys, tmp_path):
    @entry_point
    def main(arguments=None):
        raise arguments[0]

    before = sys.stdout, sys.stderr
    assert main([OutputError("a sentence")]) == 1
    assert main([KeyboardInterrupt()]) == 130
    assert capsys.readouterr() == ("", "error: a sentence\ninterrupted\n")
    with pytest.raises(BrokenPipeError):  # of a data worker, for example: not for us to pass over
        main([BrokenPipeError()])
    assert (sys.stdout, sys.stderr) == before


def test_results_and_remarks_keep_their_order(capfdbinary):
    @entry_point
    def main(arguments=None):
        print("a remark")
        emit("a result")
        emit_bytes(b"\xff")
        print("another")
        return 3

    assert main() == 3
    assert capfdbinary.readouterr().out == b"a remark\na result\n\xffanother\n"


def test_names_that_are_not_valid_text_are_escaped(capsys):
    @entry_point
    def main(arguments=None):
        print("\udcff")
        return 0

    assert main() == 0
    assert capsys.readouterr().out in ("\\udcff\n", "\udcff\n")  # the second: not encoded at all


def test_warnings_become_lines(capsys):
    with warnings_as_lines():
        warnings.simplefilter("always")
        warnings.warn("a sentence", stacklevel=1)
    assert capsys.readouterr().err == "warning: a sentence\n"


SCRIPTS = [
    path for path in sorted((ROOT / "scripts").glob("*.py")) if '__name__ == "__main__"' in path.read_text("utf-8")
]


def test_most_files_beside_the_package_are_scripts():
    assert len(SCRIPTS) > 10


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_script_uses_entry_point(path):
    mains = [
        node
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name == "main"
    ]
    assert [[ast.unparse(each) for each in node.decorator_list] for node in mains] == [["entry_point"]]
