from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import leeway
from leeway._binary import run


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!{sys.executable}\nimport sys\n{body}\n")
    path.chmod(0o755)
    return path


def test_the_argument_comes_before_the_variable_and_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = script(tmp_path / "own", "")
    named = script(tmp_path / "named", "")
    script(tmp_path / "leeway", "")
    monkeypatch.setenv("LEEWAY_BINARY", str(named))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert leeway.find_binary(own) == str(own)
    assert leeway.find_binary() == str(named)
    monkeypatch.delenv("LEEWAY_BINARY")
    assert leeway.find_binary() == str(tmp_path / "leeway")


def test_errors_name_the_place_and_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("LEEWAY_BINARY", "")
    with pytest.raises(leeway.BinaryNotFoundError) as none:
        leeway.find_binary()
    assert str(none.value) == ("there is no leeway command on PATH; install Leeway, or name the command with binary= or in LEEWAY_BINARY")
    monkeypatch.setenv("LEEWAY_BINARY", "/nowhere/leeway")
    with pytest.raises(leeway.BinaryNotFoundError) as variable:
        leeway.find_binary()
    assert str(variable.value) == (
        "the variable LEEWAY_BINARY is /nowhere/leeway, which is no file; name the leeway command, or leave it out to use PATH"
    )
    plain = tmp_path / "plain"
    plain.write_text("")
    with pytest.raises(leeway.BinaryNotFoundError) as argument:
        leeway.find_binary(plain)
    assert str(argument.value) == (
        f"the argument binary is {plain}, which is not executable; name the leeway command, or leave it out to use PATH"
    )


def test_a_file_that_the_system_cannot_start(tmp_path: Path) -> None:
    path = tmp_path / "leeway"
    path.write_bytes(b"\x7fELF no program")
    path.chmod(0o755)
    with pytest.raises(leeway.BinaryNotFoundError) as error:
        run(["check"], binary=path)
    assert str(error.value) == f"{path} cannot be started: Exec format error; name another with binary= or in LEEWAY_BINARY"


@pytest.mark.parametrize(
    ("code", "kind"),
    [(1, leeway.InputError), (2, leeway.UsageError), (3, leeway.EnvironmentFailedError), (70, leeway.LeewayError)],
)
def test_classes_by_exit_code(tmp_path: Path, code: int, kind: type[leeway.LeewayError]) -> None:
    fake = script(tmp_path / "leeway", f"sys.stderr.write('leeway: no good\\n'); sys.exit({code})")
    with pytest.raises(leeway.LeewayError) as error:
        leeway.check("monitor.yaml", binary=fake)
    assert type(error.value) is kind
    assert (error.value.exit_code, error.value.stderr, str(error.value)) == (code, "leeway: no good\n", "leeway: no good")


def test_a_command_that_a_signal_ends(tmp_path: Path) -> None:
    fake = script(tmp_path / "leeway", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(leeway.LeewayError) as error:
        leeway.check("monitor.yaml", binary=fake)
    assert (str(error.value), error.value.exit_code) == ("leeway was ended by signal 9", -9)


def test_a_command_that_takes_too_long(tmp_path: Path) -> None:
    fake = script(tmp_path / "leeway", "sys.stdin.read(); import threading; threading.Event().wait()")
    with pytest.raises(leeway.LeewayError) as error:
        leeway.check("monitor.yaml", binary=fake, timeout=0.5)
    assert str(error.value) == "leeway check took longer than 0.5 seconds and was ended; give a longer timeout="


def test_the_real_command_knows_no_such_option() -> None:
    done = run(["replay", "--colour"])
    assert done.exit_code == 2
    assert "leeway replay has no option --colour" in done.stderr


def test_output_that_is_no_utf8(tmp_path: Path) -> None:
    fake = script(tmp_path / "leeway", "sys.stderr.buffer.write(b'leeway: \\xff\\n'); sys.exit(3)")
    with pytest.raises(leeway.EnvironmentFailedError) as error:
        leeway.check("monitor.yaml", binary=fake)
    assert str(error.value) == "leeway: \ufffd"
    assert os.environ["LEEWAY_BINARY"]
