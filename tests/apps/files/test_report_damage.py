"""Damage on the page of a report, in a real browser: a strip of marks, a table, and buttons that play."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from fake_repairs import fake_repair, silent_repair
from recordings import sound, write

from dap_stream.cli.main import main
from dap_stream.processors.repairs import USUAL
from dap_stream.report.marks import COLUMNS, marks_svg

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture
def page_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    silent_repair(monkeypatch, *USUAL)
    fake_repair(monkeypatch, "clicks")
    audio = sound(4.0, 16000, 2)
    audio[0, 8000:8004] = 0.95
    audio[1, 40000::400] = -0.95
    write(tmp_path / "tape.wav", audio)
    page = tmp_path / "tape.html"
    assert main(["repair", str(tmp_path / "tape.wav"), "--report", str(page), "-q"]) == 0
    return page


def test_what_was_found_is_marked_told_and_heard(page_path: Path) -> None:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    sync_api = pytest.importorskip("playwright.sync_api")
    said: list[str] = []
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(page_path.as_uri())
        strip = page.get_by_role("img", name="Where clicks was found over time")
        assert strip.count() == 1 and page.locator(".plot.found").count() == 1, "hum has no strip"
        bars = page.evaluate("document.querySelector('.mark').getAttribute('d').match(/M/g).length")
        assert bars == 1 + 60
        totals = page.locator(".totals tr").all_inner_texts()
        assert totals[2:] == ["clicks\t61, 4.00 ms in all", "hum\tnothing found"]
        rows = page.locator("section:has(.totals) .places tbody tr")
        assert rows.count() == 50 and "And 11 more of clicks." in page.content()
        assert rows.first.inner_text().startswith("clicks\t0:00.500\t0.250 ms\t1\t4 loud samples")
        page.get_by_role("button", name="Play clicks at 0:00.500").click()
        page.evaluate(
            """() => new Promise((done, fail) => {
            const until = performance.now() + 20000;
            const look = () => dapReport.position() > 0.2 ? done()
                : performance.now() > until ? fail(new Error("never")) : setTimeout(look, 20);
            look(); })"""
        )
        page.set_viewport_size({"width": 360, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        browser.close()
    assert said == []


def test_a_denoiser_alone_has_no_such_section(tmp_path: Path) -> None:
    write(tmp_path / "a.wav")
    page = tmp_path / "a.html"
    argv = ["denoise", str(tmp_path / "a.wav"), "--report", str(page), "-q", "--set", "generator=classical"]
    assert main(argv) == 0
    assert "What was found" not in page.read_text(encoding="utf-8")


def test_marks_are_where_they_belong_and_never_too_narrow_to_see() -> None:
    svg = marks_svg([(0.0, 0.0), (5.0, 2.5), (9.9999, 3.0)], 10.0, 'a "label"')
    assert f'd="M0 0H1V1H0zM500 0H750V1H500zM{COLUMNS - 1} 0H{COLUMNS}V1H{COLUMNS - 1}z"' in svg
    assert "&quot;label&quot;" in svg
    many = marks_svg([(float(i), 0.5) for i in np.arange(0.0, 3600.0, 0.7)], 3600.0, "")
    assert len(many) < 50 * COLUMNS
