"""The report of a job, in a real browser: it plays, switches in time, and needs nothing from outside."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recordings import FAST, sound, write

from dap_stream.apps.files.report_places import most_taken
from dap_stream.cli.main import main
from dap_stream.report.index_page import IndexRow, index_text

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SECONDS = 4.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short recording and a long one with their reports."""
    folder = tmp_path_factory.mktemp("reports")
    write(folder / "a<b>.wav", sound(SECONDS, 48000, 2), 48000)
    write(folder / "long.wav", sound(150.0, 8000), 8000)
    for name in ("a<b>", "long"):
        arguments = [str(folder / f"{name}.wav"), "--report", str(folder / f"{name}.html"), "-q"]
        assert main(["denoise", *arguments, *FAST]) == 0
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: Any, folder: Path) -> Iterator[Any]:
    """A function that opens a report; whatever went wrong on the page fails the test."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    said: list[str] = []
    asked: list[str] = []

    def open_page(name: str) -> Any:
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((folder / name).as_uri())
        return page

    yield open_page
    context.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == [] and len(asked) == 1


def position(page: Any) -> float:
    return float(page.evaluate("dapReport.position()"))


def wait(page: Any, condition: str) -> None:
    """Until it holds. The page's own policy forbids playwright's way of waiting, which compiles text."""
    page.evaluate(
        f"""() => new Promise((done, fail) => {{
            const until = performance.now() + 20000;
            const look = () => ({condition}) ? done()
                : performance.now() > until ? fail(new Error("never")) : setTimeout(look, 20);
            look(); }})"""
    )


def test_it_plays_and_the_keys_switch_without_a_jump(opened: Any) -> None:
    page = opened("a<b>.html")
    assert page.title().startswith("a<b>.wav")
    page.keyboard.press(" ")
    wait(page, "dapReport.position() > 0.2")
    assert page.get_by_role("button", name="Pause").count() == 1
    for key, part in (("1", "before"), ("3", "removed"), ("2", "after")):
        jump = page.evaluate(
            """key => { const was = dapReport.position();
            document.body.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
            return Math.abs(dapReport.position() - was); }""",
            key,
        )
        assert jump < 0.05 and page.evaluate("dapReport.heard()") == part
    wait(page, "dapReport.levels()[1] > 0.5 && dapReport.levels()[0] < 0.01")
    page.keyboard.press(" ")
    stopped = position(page)
    assert page.get_by_role("button", name="Play", exact=True).first.is_visible()
    assert position(page) == stopped


def test_the_three_sounds_are_aligned_to_the_sample(opened: Any) -> None:
    page = opened("a<b>.html")
    sounds = page.evaluate(
        "dapReport.load().then(() => dapReport.buffers().map(each => Array.from(each.getChannelData(0))))"
    )
    before, after, removed = (np.array(each) for each in sounds)
    rate = page.evaluate("dapReport.buffers()[0].sampleRate")  # that of the sound device
    assert len(before) == len(after) == len(removed) and abs(len(before) / rate - SECONDS) < 0.06
    for other in (after, removed):
        cross = np.fft.rfft(before) * np.conj(np.fft.rfft(other))
        # Whitened, so that a tone does not hide a shift of one sample (GCC-PHAT).
        assert np.argmax(np.fft.irfft(cross / (np.abs(cross) + 1e-12), len(before))) == 0


def test_a_place_plays_there_and_ends(opened: Any) -> None:
    page = opened("long.html")
    button = page.get_by_role("button", name="Play place 2")
    start = float(button.get_attribute("data-start"))
    button.click()
    wait(page, f"dapReport.position() > {start + 0.1}")
    assert position(page) < start + 6.1
    assert page.locator("#held i").count() == 10


def test_light_dark_and_accessible_names(opened: Any) -> None:
    page = opened("a<b>.html")
    colours = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        colours.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert colours[0] != colours[1]
    unnamed = page.evaluate(
        """[...document.querySelectorAll("img:not([alt]), svg[role=img]:not([aria-label])"),
        ...document.querySelectorAll("table:not(:has(caption)), button:empty")].length"""
    )
    assert unnamed == 0
    for role, name in (("slider", "Position in seconds"), ("checkbox", "Equal loudness")):
        assert page.get_by_role(role, name=name).count() == 1
    assert page.get_by_role("radio").count() == 3
    page.emulate_media(media="print")
    assert not page.locator("#play").is_visible() and page.locator(".lane img").first.is_visible()
    page.set_viewport_size({"width": 360, "height": 800})
    page.emulate_media(media="screen")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_long_recording_makes_a_small_file(folder: Path) -> None:
    assert (folder / "long.html").stat().st_size < 6_000_000


def test_places_are_where_most_was_taken_and_do_not_overlap() -> None:
    removed = np.full(1200, 1e-6)
    removed[700:720] = 1e-2
    removed[300:310] = 1e-2
    places = most_taken(removed + 1e-3, np.full(1200, 1e-3), removed, 120.0)
    assert len(places) == 10
    for place, span in zip(places[:2], ((70.0, 72.0), (30.0, 31.0)), strict=True):
        assert place.start_s <= span[0] + 0.05 and place.start_s + place.seconds >= span[1] - 0.05
    starts = sorted(place.start_s for place in places)
    assert min(np.diff(starts)) >= 6.0 - 1e-6
    assert most_taken(np.zeros(50), np.zeros(50), np.zeros(50), 5.0) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.wav", "-", "--report", "r.html"], "which a pipe does not allow; name files"),
        (["a.wav", "--in-place", "--report", "r.html"], "in place the first is gone; write to another file"),
        (["a.wav", "--report", "a.wav"], "is the recording itself; --report must be another file"),
        (["a.wav", "-o", "b.wav", "--report", "b.wav"], "output and --report must be two files"),
        (["a.wav", "--report", "old.html"], "exists already"),
        (["a.wav", "--report", "no/r.html"], "there is no folder"),
        (["a.wav", "b.wav", "--report", "r.html"], "must be an existing folder for 2 recordings"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_done(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.wav")
    (tmp_path / "old.html").write_text("mine")
    assert main(["denoise", *arguments, *FAST]) != 0
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"a.wav", "old.html"}


def test_silence_and_a_folder_of_reports(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / f"{name}.wav", np.zeros((1, 800)))
    names = [str(tmp_path / "one.wav"), str(tmp_path / "two.wav")]
    assert main(["denoise", *names, "--report", str(tmp_path), "-q", *FAST]) == 0
    for name in ("one", "two"):
        assert "</html>" in (tmp_path / f"{name}_report.html").read_text(encoding="utf-8")


def test_the_index_leads_to_each_report_and_escapes_names() -> None:
    rows = [IndexRow("a <b>.wav", "a <b>_report.html", "done", 61.0, 5.25), IndexRow("c.wav", None, "failed")]
    text = index_text("Archive", rows)
    assert 'href="a%20%3Cb%3E_report.html"' in text and "a &lt;b&gt;.wav" in text
    assert "2 recordings, 1:01 together: 1 done, 1 failed" in text
