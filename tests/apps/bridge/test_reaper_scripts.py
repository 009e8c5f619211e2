"""The scripts for REAPER in a real Lua, with a fake of REAPER that is strict, and a bridge that cleans."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from host_scripts import installed, run_lua, watched_bridge
from recordings import read, sound, write
from servers import needs

FAKE = Path(__file__).parents[2] / "support" / "fake_reaper.lua"
RATE = 16000


class Reaper:
    """A project, and scripts to run in it."""

    def __init__(self, folder: Path) -> None:
        needs("lua5.4")
        self.folder, self.jobs = folder, folder / "jobs"
        self.scripts = installed("reaper", folder, self.jobs)
        self.talk = write(folder / "talk.wav", sound(4.0))

    def item(self, name: str = "item1", path: Path | None = None, **values: str) -> str:
        """A Lua table; the item shows 1.0 s to 2.5 s of a recording of 4 s."""
        take = {"D_STARTOFFS": "1.0", "D_PLAYRATE": "1.0", "D_VOL": "0.5", "midi": "false"}
        take |= {key: values.pop(key) for key in set(values) & {"midi", "D_PLAYRATE", "D_STARTOFFS"}}
        source = f'kind="source", length=4.0, path={json.dumps(str(path or self.talk))}, '
        source += f'type="{values.pop("type", "WAVE")}"'
        inside = ", ".join(f"{key}={value}" for key, value in take.items())
        own = ", ".join(f"{key}={value}" for key, value in ({"D_LENGTH": "1.5"} | values).items())
        return (
            f'{{kind="item", id="{name}", {own}, '
            f'take={{kind="take", id="{name}.old", name="Talk", {inside}, source={{{source}}}}}}}'
        )

    def run(self, script: str, *items: str, **project: str) -> list[list[str]]:
        """Words of each call that was recorded."""
        fields = "".join(f", {name}={value}" for name, value in project.items())
        (self.folder / "project.lua").write_text(f"return {{ items={{{', '.join(items)}}}{fields} }}")
        run_lua(FAKE, self.scripts / script, self.folder / "project.lua", self.folder / "calls")
        return [line.split("\t") for line in (self.folder / "calls").read_text().splitlines()]


@pytest.fixture
def reaper(tmp_path: Path) -> Reaper:
    return Reaper(tmp_path)


def message(calls: list[list[str]]) -> str:
    """The only message box."""
    texts = [words[1] for words in calls if words[0] == "ShowMessageBox"]
    assert len(texts) == 1, calls
    return texts[0]


def values_of(calls: list[list[str]]) -> dict[str, float]:
    return {words[2]: float(words[3]) for words in calls if words[0] == "SetMediaItemTakeInfo_Value"}


def test_selected_items_get_a_new_take(reaper: Reaper) -> None:
    before = reaper.talk.read_bytes()
    with watched_bridge(reaper.folder, reaper.jobs):
        calls = reaper.run("dap_stream_clean.lua", reaper.item(), reaper.item("item2", D_LENGTH="0.5"))
    names = [words[0] for words in calls]
    assert names[0] == "Undo_BeginBlock" and names.count("Undo_BeginBlock") == 1
    assert names[-2:] == ["Undo_EndBlock", "Main_OnCommand"]
    assert sorted(w[1] for w in calls if w[0] == "AddTakeToMediaItem") == ["item1", "item2"]
    assert [w[1] for w in calls if w[0] == "SetActiveTake"] in (
        ["item1.new", "item2.new"],
        ["item2.new", "item1.new"],
    )
    name = next(words for words in calls if words[0] == "GetSetMediaItemTakeInfo_String")
    assert name[2:] == ["P_NAME", "Talk (clean)", "true"]
    assert reaper.talk.read_bytes() == before
    assert values_of(calls)["D_VOL"] == 0.5 and values_of(calls)["D_STARTOFFS"] == 1.0
    lengths = sorted(read(Path(w[2])).shape[1] / RATE for w in calls if w[0] == "SetMediaItemTake_Source")
    assert lengths == [2.5, 3.5]  # a second more on both sides: 0 s to 2.5 s, and to 3.5 s


@pytest.mark.parametrize(
    ("rate", "offset", "start_s", "end_s"), [("2.0", "0.0", 0.0, 4.0), ("0.5", "2.5", 1.5, 4.0)]
)
def test_offset_and_play_rate_count(
    reaper: Reaper, rate: str, offset: str, start_s: float, end_s: float
) -> None:
    item = reaper.item(D_PLAYRATE=rate, D_STARTOFFS=offset)
    with watched_bridge(reaper.folder, reaper.jobs):
        calls = reaper.run("dap_stream_clean.lua", item)
    cleaned = next(Path(words[2]) for words in calls if words[0] == "SetMediaItemTake_Source")
    assert read(cleaned).shape[1] == round((end_s - start_s) * RATE)
    values = values_of(calls)
    assert values["D_PLAYRATE"] == float(rate) and values["D_STARTOFFS"] == float(offset) - start_s
    stretch = read(reaper.talk)[0, round(start_s * RATE) : round(end_s * RATE)]
    assert np.corrcoef(read(cleaned)[0], stretch)[0, 1] > 0.7  # it is that stretch


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"midi": "true"}, "Talk: MIDI"),
        ({"type": "SECTION"}, "glue the item first"),
        ({"path": Path("gone.wav")}, "gone.wav: is offline"),
        ({"D_STARTOFFS": "9.0"}, "shows nothing of its source"),
        ({"D_LENGTH": "9.0", "B_LOOPSRC": "1.0"}, "a loop; glue the item first"),
    ],
)
def test_what_cannot_be_cleaned_is_told(reaper: Reaper, values: dict[str, str], line: str) -> None:
    calls = reaper.run("dap_stream_clean.lua", reaper.item(**values))  # type: ignore[arg-type]
    assert line in message(calls) and len(calls) == 1
    assert list(reaper.jobs.iterdir()) == []


def test_no_selection_and_empty_items_are_told(reaper: Reaper) -> None:
    assert message(reaper.run("dap_stream_clean.lua")) == "Select items first."
    empty = '{kind="item", id="empty", D_LENGTH=1.0}'
    assert "an empty item" in message(reaper.run("dap_stream_clean.lua", empty))


def test_what_fails_is_told_and_the_rest_is_done(reaper: Reaper) -> None:
    broken = reaper.folder / "broken.wav"
    broken.write_text("no sound")
    with watched_bridge(reaper.folder, reaper.jobs):
        calls = reaper.run("dap_stream_clean.lua", reaper.item("bad", broken), reaper.item("good"))
    assert [words[1] for words in calls if words[0] == "AddTakeToMediaItem"] == ["good"]
    assert "broken.wav" in message(calls)


def test_an_item_that_is_gone_meanwhile_loses_nothing(reaper: Reaper) -> None:
    with watched_bridge(reaper.folder, reaper.jobs):
        calls = reaper.run("dap_stream_clean.lua", reaper.item(removed="true"))
    assert "has been removed" in message(calls)
    assert not any(words[0] == "AddTakeToMediaItem" for words in calls)


def test_a_closed_window_cancels(reaper: Reaper) -> None:
    calls = reaper.run("dap_stream_clean.lua", reaper.item(), closes="true")  # no bridge: it starts one
    assert [words[0] for words in calls] == ["ExecProcess"] and calls[0][2] == "-1"
    assert f'"--watch" "{reaper.jobs}"' in calls[0][1]
    assert [path.suffix for path in reaper.jobs.iterdir() if path.suffix == ".cancel"] == [".cancel"]


@pytest.mark.parametrize("sws", ["true", "false"])
def test_a_preview_of_the_time_selection(reaper: Reaper, sws: str) -> None:
    with watched_bridge(reaper.folder, reaper.jobs):
        item = reaper.item(D_POSITION="10.0")
        calls = reaper.run("dap_stream_preview.lua", item, time="{ 10.5, 11.0 }", sws=sws)
        kind, what = calls[0][0], calls[0][1]
        assert len(calls) == 1 and kind == ("Xen_StartSourcePreview" if sws == "true" else "ShowMessageBox")
        path = what.removeprefix("The preview is ").split(" | ")[0]
        assert read(Path(path)).shape[1] == RATE // 2
    outside = reaper.run("dap_stream_preview.lua", item, time="{ 20.0, 21.0 }")
    assert "does not touch" in message(outside)
    assert "select a time first" in message(reaper.run("dap_stream_preview.lua", item))


def test_json_of_lua_is_json(reaper: Reaper) -> None:
    code = (reaper.scripts / "dap_stream_clean.lua").read_text().split("local HANDLE_S")[0]
    text = 'a "quoted" \\ path\n\t\x01 ü 🎙'
    (reaper.folder / "text").write_text(text)
    tail = f"""
    local text = io.open("{reaper.folder}/text"):read("a")
    local there = DAP.encode({{ text = text, number = 0.1, whole = 3, yes = true }})
    assert(DAP.decode(there).text == text and DAP.decode(there).number == 0.1)
    assert(DAP.decode('{{"a": [1, {{"b": null}}, "\\\\ud83c\\\\udf99"], "c": -1.5e3}}').c == -1500)
    assert(DAP.decode('{{"a": [1, "\\\\ud83c\\\\udf99"]}}').a[2] == "🎙")
    for _, bad in ipairs({{ "", "{{", '{{"a" 1}}', '"abc', "nope", '{{"a": 1 "b": 2}}' }}) do
      assert(DAP.decode(bad) == nil, bad)
    end
    io.write(there)
    """
    (reaper.folder / "json.lua").write_text(code + tail)
    there = json.loads(run_lua(reaper.folder / "json.lua"))
    assert there == {"text": text, "number": 0.1, "whole": 3, "yes": True}


def test_the_fake_refuses_what_reaper_would(reaper: Reaper) -> None:
    script = reaper.folder / "wrong.lua"
    (reaper.folder / "project.lua").write_text("return { items = {} }")
    for line in ("reaper.GetTakeName('no take')", "reaper.NoSuchFunction()", "reaper.GetTakeName()"):
        script.write_text(line)
        words = [FAKE, script, reaper.folder / "project.lua", reaper.folder / "calls"]
        command = ["lua5.4", *(str(word) for word in words)]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 1
