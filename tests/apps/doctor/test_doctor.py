"""`dap-stream doctor`: tells what is, and does not break where something is broken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numba
import pytest

from dap_stream import __version__
from dap_stream.apps.doctor.check import OK, PROBLEM, WARNING, Finding, look_safely
from dap_stream.apps.doctor.run import LOOKS, exit_status
from dap_stream.cli.main import main
from dap_stream.core import kernel_cache


def test_all_of_it_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    checks = {each["name"]: each for each in report["checks"]}
    assert report["version"] == __version__
    assert {"Python", "libsndfile", "torch", "jack", "cores", "kernels", "educated", "JACK", "live"} <= set(
        checks
    )
    assert all(each["state"] in (OK, WARNING, PROBLEM) for each in report["checks"])
    assert checks["file"]["real_time_factor"] > 0.0 and "can_run_live" in checks["live"]
    assert checks["educated"]["weights"] > 10_000
    assert str(Path.home()) not in json.dumps(report)


def test_text_has_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--no-speed"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 15 and all(line.split()[0] in (OK, WARNING, PROBLEM) for line in lines)


def test_a_look_that_breaks_is_a_finding_and_keeps_what_came_before() -> None:
    def look() -> Iterator[Finding]:
        yield Finding("x", "one", OK, f"in {Path.home()}/there")
        raise RuntimeError("broken")

    found = look_safely("x", look)
    assert [each.state for each in found] == [OK, WARNING]
    assert found[0].text == "in ~/there" and "broken" in found[1].text
    assert exit_status(found) == 0 and exit_status([Finding("x", "y", PROBLEM, "")]) == 1


def test_a_cache_that_cannot_be_written_is_a_warning_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "file" / "inside"))
    kernel_cache.problem.cache_clear()
    try:
        found = look_safely("caches", LOOKS["caches"])
    finally:
        kernel_cache.problem.cache_clear()
    assert [each.state for each in found] == [WARNING] and "NUMBA_CACHE_DIR" in found[0].advice
