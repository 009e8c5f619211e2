"""The scripts for REAPER in a real Lua and Python, with strict fakes of REAPER, and a bridge that cleans."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from host_scripts import COMMAND, bridges_of, installed, no_bridge_left, run_lua, watched_bridge
from recordings import read, sound, write
from servers import needs

from dap_stream.apps.bridge.folder_claim import beating

SUPPORT = Path(__file__).parents[2] / "support"
FAKE = SUPPORT / "fake_reaper.lua"
PYTHON = (sys.executable, "-S", str(SUPPORT / "fake_reaper.py"))  # with the standard library and nothing else
RATE = 16000


class Reaper:
    """A project, and scripts in Lua or Python to run in it."""

    def __init__(self, folder: Path, language: str, command: str = COMMAND) -> None:
        needs("lua5.4")
        self.folder, self.jobs, self.language = folder, folder / "jobs", language
        self.scripts = installed("reaper", folder, self.jobs, command)
        self.talk = write(folder / "talk.wav", sound(4.0))

    def item(self, name: str = "item1", path: Path | None = None, **values: Any) -> dict[str, Any]:
        """It shows 1.0 s to 2.5 s of a recording of 4 s."""
        source: dict[str, Any] = {"kind": "source", "length": 4.0, "path": str(path or self.talk)}
        source["type"] = values.pop("type", "WAVE")
        take: dict[str, Any] = {"D_STARTOFFS": 1.0, "D_PLAYRATE": 1.0, "D_VOL": 0.5, "midi": False}
        take |= {key: values.pop(key) for key in set(values) & set(take)}
        take |= {"kind": "take", "id": f"{name}.old", "name": "Talk", "source": source}
        return {"kind": "item", "id": name, "D_LENGTH": 1.5, **values, "take": take}

    def clean(self, *items: dict[str, Any], **project: Any) -> list[list[str]]:
        """Words of each call of the script that cleans that was recorded."""
        if self.language == "lua":
            return self.run("dap_stream_clean.lua", *items, **project)
        file, calls = self.folder / "project.json", self.folder / "calls"
        file.write_text(json.dumps({"items": items, **project}))
        command = (*PYTHON, str(self.scripts / "dap_stream_clean.py"), str(file), str(calls))
        run = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
        assert run.returncode == 0, run.stderr
        return [line.split("\t") for line in calls.read_text().splitlines()]

    def run(self, script: str, *items: dict[str, Any], **project: Any) -> list[list[str]]:
        """The same of any script in Lua."""
        (self.folder / "project.lua").write_text(f"return {lua({'items': items, **project})}")
        run_lua(FAKE, self.scripts / script, self.folder / "project.lua", self.folder / "calls")
        return [line.split("\t") for line in (self.folder / "calls").read_text().splitlines()]


def lua(value: Any) -> str:
    """A literal."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}={lua(each)}" for name, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "{" + ", ".join(map(lua, value)) + "}"
    return json.dumps(value)


@pytest.fixture(params=["lua", "python"])
def reaper(tmp_path: Path, request: pytest.FixtureRequest) -> Reaper:
    return Reaper(tmp_path, request.param)


@pytest.fixture
def in_lua(tmp_path: Path) -> Reaper:
    return Reaper(tmp_path, "lua")


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
        calls = reaper.clean(reaper.item(), reaper.item("item2", D_LENGTH=0.5))
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


@pytest.mark.parametrize(("rate", "offset", "start_s", "end_s"), [(2.0, 0.0, 0.0, 4.0), (0.5, 2.5, 1.5, 4.0)])
def test_offset_and_play_rate_count(
    reaper: Reaper, rate: float, offset: float, start_s: float, end_s: float
) -> None:
    item = reaper.item(D_PLAYRATE=rate, D_STARTOFFS=offset)
    with watched_bridge(reaper.folder, reaper.jobs):
        calls = reaper.clean(item)
    cleaned = next(Path(words[2]) for words in calls if words[0] == "SetMediaItemTake_Source")
    assert read(cleaned).shape[1] == round((end_s - start_s) * RATE)
    values = values_of(calls)
    assert values["D_PLAYRATE"] == rate and values["D_STARTOFFS"] == offset - start_s
    stretch = read(reaper.talk)[0, round(start_s * RATE) : round(end_s * RATE)]
    assert np.corrcoef(read(cleaned)[0], stretch)[0, 1] > 0.7  # it is that stretch


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"midi": True}, "Talk: MIDI"),
        ({"type": "SECTION"}, "glue the item first"),
        ({"path": Path("gone.wav")}, "gone.wav: is offline"),
        ({"D_STARTOFFS": 9.0}, "shows nothing of its source"),
        ({"D_LENGTH": 9.0, "B_LOOPSRC": 1.0}, "a loop; glue the item first"),
    ],
)
def test_what_cannot_be_cleaned_is_told(reaper: Reaper, values: dict[str, Any], line: str) -> None:
    calls = reaper.clean(reaper.item(**values))
    assert line in message(calls) and len(calls) == 1
    assert list(reaper.jobs.iterdir()) == []


def test_no_selection_and_empty_items_are_told(reaper: Reaper) -> None:
    assert message(reaper.clean()) == "Select items first."
    empty = {"kind": "item", "id": "empty", "D_LENGTH": 1.0}
    assert "an empty item" in message(reaper.clean(empty))


def test_what_fails_is_told_and_the_rest_is_done(reaper: Reaper) -> None:
    broken = reaper.folder / "broken.wav"
    broken.write_text("no sound")
    with watched_bridge(reaper.folder, reaper.jobs):
        calls = reaper.clean(reaper.item("bad", broken), reaper.item("good"))
    assert [words[1] for words in calls if words[0] == "AddTakeToMediaItem"] == ["good"]
    assert "broken.wav" in message(calls)


def test_an_item_that_is_gone_meanwhile_loses_nothing(reaper: Reaper) -> None:
    with watched_bridge(reaper.folder, reaper.jobs):
        calls = reaper.clean(reaper.item(removed=True))
    assert "has been removed" in message(calls)
    assert not any(words[0] == "AddTakeToMediaItem" for words in calls)


def test_whoever_cancels_gets_nothing_new(reaper: Reaper) -> None:
    """A closed window in Lua; in Python the script is terminated."""
    with beating(reaper.jobs, []):  # of a bridge that does nothing
        assert reaper.clean(reaper.item(), closes=True) == []
    assert [path.suffix for path in reaper.jobs.iterdir() if path.suffix == ".cancel"] == [".cancel"]


def test_a_script_starts_the_bridge_that_it_needs(reaper: Reaper) -> None:
    with no_bridge_left(reaper.jobs):
        calls = reaper.clean(reaper.item(), starts=True)
        added = [words[1] for words in calls if words[0] == "AddTakeToMediaItem"]
        assert added == ["item1"], calls
        about = json.loads((reaper.jobs / "bridge.json").read_text())
        assert about["pid"] in bridges_of(reaper.jobs)  # it goes on, for the next job
        again = reaper.clean(reaper.item("item2"), starts=True)
        assert [words[1] for words in again if words[0] == "AddTakeToMediaItem"] == ["item2"]
        assert bridges_of(reaper.jobs) == [about["pid"]]


def test_a_bridge_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    reaper = Reaper(tmp_path, "python", command="/no/such/dap-stream")
    assert "/no/such/dap-stream" in message(reaper.clean(reaper.item()))
    assert not list(reaper.jobs.glob("*.result.json")) and list(reaper.jobs.glob("*.cancel"))


def test_a_folder_that_has_gone_is_told(reaper: Reaper) -> None:
    reaper.jobs.rmdir()
    calls = reaper.clean(reaper.item())
    assert "run dap-stream bridge install reaper again" in message(calls)


@pytest.mark.parametrize("sws", [True, False])
def test_a_preview_of_the_time_selection(in_lua: Reaper, sws: bool) -> None:
    with watched_bridge(in_lua.folder, in_lua.jobs):
        item = in_lua.item(D_POSITION=10.0)
        calls = in_lua.run("dap_stream_preview.lua", item, time=[10.5, 11.0], sws=sws)
        kind, what = calls[0][0], calls[0][1]
        assert len(calls) == 1 and kind == ("Xen_StartSourcePreview" if sws else "ShowMessageBox")
        path = what.removeprefix("The preview is ").split(" | ")[0]
        assert read(Path(path)).shape[1] == RATE // 2
    outside = in_lua.run("dap_stream_preview.lua", item, time=[20.0, 21.0])
    assert "does not touch" in message(outside)
    assert "select a time first" in message(in_lua.run("dap_stream_preview.lua", item))


def test_json_of_lua_is_json(in_lua: Reaper) -> None:
    code = (in_lua.scripts / "dap_stream_clean.lua").read_text().split("local HANDLE_S")[0]
    text = 'a "quoted" \\ path\n\t\x01 ü 🎙'
    (in_lua.folder / "text").write_text(text)
    tail = f"""
    local text = io.open("{in_lua.folder}/text"):read("a")
    local there = DAP.encode({{ text = text, number = 0.1, whole = 3, yes = true }})
    assert(DAP.decode(there).text == text and DAP.decode(there).number == 0.1)
    assert(DAP.decode('{{"a": [1, {{"b": null}}, "\\\\ud83c\\\\udf99"], "c": -1.5e3}}').c == -1500)
    assert(DAP.decode('{{"a": [1, "\\\\ud83c\\\\udf99"]}}').a[2] == "🎙")
    for _, bad in ipairs({{ "", "{{", '{{"a" 1}}', '"abc', "nope", '{{"a": 1 "b": 2}}' }}) do
      assert(DAP.decode(bad) == nil, bad)
    end
    io.write(there)
    """
    (in_lua.folder / "json.lua").write_text(code + tail)
    there = json.loads(run_lua(in_lua.folder / "json.lua"))
    assert there == {"text": text, "number": 0.1, "whole": 3, "yes": True}


@pytest.mark.parametrize("call", ["GetTakeName('no take')", "NoSuchFunction()", "GetTakeName()"])
def test_the_fakes_refuse_what_reaper_would(reaper: Reaper, call: str) -> None:
    is_lua = reaper.language == "lua"
    script, project = reaper.folder / "wrong", reaper.folder / "project"
    project.write_text("return { items = {} }" if is_lua else '{"items": []}')
    script.write_text(f"{'reaper.' if is_lua else 'RPR_'}{call}")
    command = ("lua5.4", str(FAKE)) if is_lua else PYTHON
    run = subprocess.run(
        [*command, script, project, reaper.folder / "calls"], capture_output=True, check=False
    )
    assert run.returncode == 1 and call.partition("(")[0].encode() in run.stderr
