"""Requests and their answers, without a process: the work, and all that can be wrong with a request."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bridges import ENDLESS, FAST, NearBridge, check, is_as, near_bridge, request, wait_for
from fake_repairs import fake_repair
from recordings import read, snapshot, sound, write

from dap_stream.cli.main import main


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[NearBridge]:
    folder = tmp_path / "given"
    folder.mkdir()
    write(folder / "talk.wav", sound(3.0))
    with near_bridge(folder) as near:
        yield near


@pytest.fixture
def folder(bridge: NearBridge, tmp_path: Path) -> Path:
    return tmp_path / "given"


# ---------------------------------------------------------------- the work


def test_hello_says_what_there_is(bridge: NearBridge) -> None:
    about = bridge.ask("hello", protocol=1, client="test 0").result()
    check("hello_result", about)
    assert {"clean", "preview", "learn", "cancel", "ping"} <= set(about["methods"])
    assert about["settings"]["denoise"]["reduction_db"]["default"] == 30.0
    assert "podcast" in about["presets"] and about["limits"]["parallel_jobs"] == 1


def test_clean_gives_the_bits_and_figures_of_the_command(bridge: NearBridge, folder: Path) -> None:
    chain, settings = ["denoise", "gain"], {"reduction_db": 12, "gain.gain_db": "-3", **FAST}
    inbox = bridge.ask("clean", input="talk.wav", output="o.wav", chain=chain, settings=settings)
    result = inbox.result()
    check("clean_result", result)
    options = ["--reduction", "12", "--set", "gain.gain_db=-3", "--set", "generator=classical"]
    command = ["denoise", str(folder / "talk.wav"), "-o", str(folder / "twin.wav"), "--chain", "denoise,gain"]
    assert main([*command, *options]) == 0
    assert (folder / "o.wav").read_bytes() == (folder / "twin.wav").read_bytes()
    assert (result["input"], result["output"], result["n_samples"]) == ("talk.wav", "o.wav", 48000)
    assert result["settings"]["gain"] == {"gain_db": -3.0}
    parts = [each["params"]["part"] for each in inbox.events if each["method"] == "progress"]
    assert parts and parts[-1] == 1.0


def test_repairs_come_first_and_what_they_found_is_told(
    bridge: NearBridge, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_repair(monkeypatch, "clicks")
    audio = sound(2.0)
    audio[0, 24000:24003] = 0.99
    write(folder / "tape.wav", audio)
    assert "clicks" in bridge.ask("hello", 1, protocol=1).result(1)["repairs"]
    ask = {"input": "tape.wav", "repair": ["clicks"], "settings": FAST}
    result = bridge.ask("clean", 2, **ask, start_s=1.0).result(2)
    check("clean_result", result)
    assert list(result["settings"]) == ["declick", "denoise"]
    assert result["found"] == {"clicks": {"count": 1, "seconds": 3 / 16000}}
    (found,) = result["findings"]
    assert (found["kind"], found["start_s"], found["channel"]) == ("clicks", 1.5, 1)
    preview = bridge.ask("preview", 3, **ask, start_s=1.0, end_s=2.0).result(3)
    assert preview["findings"] == result["findings"]
    refused = bridge.ask("clean", 4, input="tape.wav", repair=["clix"]).error(4)
    assert refused[0] == "setting" and "did you mean 'clicks'" in refused[1]


def test_a_line_has_an_end_however_much_is_found(
    bridge: NearBridge, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_repair(monkeypatch, "clicks")
    audio = sound(5.0)
    audio[0, ::50] = 0.99
    write(folder / "tape.wav", audio)
    result = bridge.ask("clean", 1, input="tape.wav", chain=["declick"]).result(1)
    check("clean_result", result)
    assert len(result["findings"]) == 1000 and result["found"]["clicks"]["count"] == 1600


def test_a_stretch_with_what_was_removed_and_a_name_of_its_own(bridge: NearBridge, folder: Path) -> None:
    where = {"input": str(folder / "talk.wav"), "start_s": 0.5, "end_s": 2}
    result = bridge.ask("clean", **where, removed="rest.wav", settings=FAST).result()
    assert result["output"] == str(folder / "talk_clean.wav") and result["removed"] == "rest.wav"
    whole = read(folder / "talk.wav")[:, 8000:32000]
    total = read(folder / "talk_clean.wav") + read(folder / "rest.wav")
    assert whole == pytest.approx(total, abs=1e-9)


def test_learn_then_clean_with_it(bridge: NearBridge, folder: Path) -> None:
    settings = {"steps": 6, "quality": "fast"}
    inbox = bridge.ask("learn", input="talk.wav", profile="mic.npz", settings=settings)
    check("learn_result", inbox.result())
    assert {each["params"]["stage"] for each in inbox.events} == {"learning"}
    assert set(snapshot(folder)) == {"talk.wav", "mic.npz"}
    use = {"profile": "mic.npz", "save_profile": "next.npz", "settings": settings}
    result = bridge.ask("clean", 2, input="talk.wav", **use).result(2)
    assert result["save_profile"] == "next.npz" and (folder / "next.npz").exists()


def test_a_preview_is_a_file_of_the_bridge_and_goes_with_it(bridge: NearBridge, folder: Path) -> None:
    result = bridge.ask("preview", input="talk.wav", start_s=1, end_s=1.5, settings=FAST).result()
    check("clean_result", result)
    assert read(Path(result["output"])).shape == (1, 8000)
    bridge.scratch.remove()
    assert set(snapshot(folder)) == {"talk.wav"}


def test_the_oldest_previews_make_room(bridge: NearBridge) -> None:
    paths = [Path(bridge.scratch.new_path("a.wav")) for _ in range(22)]
    for path in paths[:2]:
        assert not path.exists()
    paths[2].touch()
    assert len(set(paths)) == 22 and Path(bridge.scratch.new_path("b.wav")).parent == paths[0].parent
    assert not paths[2].exists()


def test_later_jobs_may_read_what_earlier_ones_write(bridge: NearBridge, folder: Path) -> None:
    bridge.ask("clean", 1, input="talk.wav", output="one.wav", settings=FAST)
    inbox = bridge.ask("clean", 2, input="one.wav", output="two.wav", settings=FAST)
    assert inbox.result(1)["output"] == "one.wav" and inbox.result(2)["output"] == "two.wav"


# ---------------------------------------------------------------- cancel


def test_cancel_ends_a_job_and_leaves_nothing(bridge: NearBridge, folder: Path) -> None:
    inbox = bridge.ask("clean", "job", input="talk.wav", settings=ENDLESS)
    assert inbox.until("progress")["stage"] == "learning"
    bridge.take(request("cancel", 7, id="job"))
    assert inbox.result(7) == {"ok": True}
    assert inbox.error("job") == ("cancelled", "cancelled; nothing half-written is left")
    assert set(snapshot(folder)) == {"talk.wav"}


def test_a_job_that_waits_is_cancelled_at_once(bridge: NearBridge) -> None:
    bridge.ask("clean", 1, input="talk.wav", settings=ENDLESS)
    inbox = bridge.ask("clean", 2, input="talk.wav", output="b.wav", settings=FAST)
    bridge.take({"jsonrpc": "2.0", "method": "cancel", "params": {"id": 2}})  # a notification: no answer
    assert inbox.error(2)[0] == "cancelled"
    bridge.ask("cancel", 3, id=1).result(3)
    assert inbox.error(1)[0] == "cancelled"


def test_cancel_of_an_unknown_id(bridge: NearBridge) -> None:
    kind, text = bridge.ask("cancel", 5, id=99).error(5)
    assert kind == "protocol" and "99" in text


def test_the_same_id_twice_is_refused_and_the_first_goes_on(bridge: NearBridge, folder: Path) -> None:
    inbox = bridge.ask("clean", 1, input="talk.wav", settings=ENDLESS)
    inbox.until("progress")
    kind, text = bridge.ask("clean", 1, input="talk.wav", output="b.wav").error(None)
    assert kind == "protocol" and "id 1" in text
    bridge.ask("cancel", 2, id=1).result(2)
    assert inbox.error(1)[0] == "cancelled" and not (folder / "b.wav").exists()
    bridge.ask("clean", 1, input="talk.wav", settings=FAST).result(1)  # it is free again


def test_a_client_that_goes_away_takes_its_jobs_along(bridge: NearBridge, folder: Path) -> None:
    bridge.ask("clean", 1, input="talk.wav", settings=ENDLESS).until("progress")
    bridge.ask("clean", 2, input="talk.wav", output="b.wav", settings=FAST)
    bridge.jobs.drop(bridge.client)
    wait_for(lambda: bridge.jobs.idle_s > 0.0)
    assert set(snapshot(folder)) == {"talk.wav"} and bridge.inbox.messages.empty()


def test_too_many_jobs(bridge: NearBridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dap_stream.apps.bridge.jobs.MAX_WAITING", 2)
    bridge.ask("clean", 0, input="talk.wav", settings=ENDLESS).until("progress")
    for i in (1, 2):
        bridge.ask("clean", i, input="talk.wav", output=f"{i}.wav", settings=FAST)
    assert bridge.ask("clean", 3, input="talk.wav", settings=FAST).error(3)[0] == "busy"


def test_as_many_jobs_run_at_once_as_were_asked_for(tmp_path: Path) -> None:
    write(tmp_path / "talk.wav", sound(2.0))
    with near_bridge(tmp_path, n_jobs=2) as near:
        for i in (1, 2):
            near.ask("clean", i, input="talk.wav", output=f"{i}.wav", settings=ENDLESS)
        seen: set[int] = set()
        while seen != {1, 2}:
            seen.add(near.inbox.until("progress")["id"])


def test_a_bug_is_told_in_one_line_and_the_next_job_is_done(
    bridge: NearBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("dap_stream.apps.bridge.work.clean", lambda job, callbacks: 1 / 0)
        kind, text = bridge.ask("clean", input="talk.wav", settings=FAST).error()
    assert kind == "internal" and "ZeroDivisionError" in text and "Traceback" in bridge.logged[0]
    bridge.ask("clean", input="talk.wav", settings=FAST).result()


# ---------------------------------------------------------------- bad requests


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ([], "must be an object"),
        ("clean", "must be an object"),
        ([request("ping")], "no lists"),
        ({"id": 1, "method": "ping"}, '"jsonrpc": "2.0"'),
        ({"jsonrpc": "2.0", "id": 1}, "must have a method"),
        ({"jsonrpc": "2.0", "id": 1, "method": "ping", "parms": {}}, "did you mean 'params'?"),
        ({"jsonrpc": "2.0", "id": 1, "method": 7}, "no method"),
        ({"jsonrpc": "2.0", "id": True, "method": "ping"}, "id must be"),
        ({"jsonrpc": "2.0", "id": None, "method": "ping"}, "id must be"),
        ({"jsonrpc": "2.0", "id": [1], "method": "ping"}, "id must be"),
        ({"jsonrpc": "2.0", "id": "x" * 300, "method": "ping"}, "id must be"),
        ({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}, "params must be an object"),
        ({"jsonrpc": "2.0", "method": "clean", "params": {"input": "talk.wav"}}, "needs an id"),
        (request("claen", input="talk.wav"), "did you mean 'clean'?"),
        (request("hello", protocol=2), "speaks 1"),
        (request("hello"), "protocol is missing"),
        (request("clean"), "input is missing"),
        (request("clean", inptu="talk.wav"), "did you mean 'input'?"),
        (request("clean", input=7), "must be a text"),
        (request("clean", input=""), "is empty"),
        (request("clean", input="talk.wav", force="yes"), "must be true or false"),
        (request("clean", input="talk.wav", force=1), "must be true or false"),
        (request("clean", input="talk.wav", start_s="1"), "must be a number"),
        (request("clean", input="talk.wav", start_s=True), "must be a number"),
        (request("clean", input="talk.wav", start_s=-1), "in 0..1e+09"),
        (request("clean", input="talk.wav", start_s=10**400), "in 0..1e+09"),
        (request("clean", input="talk.wav", start_s=2, end_s=1), "later than"),
        (request("clean", input="talk.wav", chain="denoise"), "must be a list"),
        (request("clean", input="talk.wav", chain=["denoise", 1]), "must be a text"),
        (request("clean", input="talk.wav", chain=["dap"] * 200), "at most 100"),
        (request("clean", input="talk.wav", settings=[]), "must be an object"),
        (request("preview", input="talk.wav"), "start_s is missing"),
        (request("cancel", id=1.5), "must be a whole number or a text"),
    ],
)
def test_what_is_no_request(bridge: NearBridge, message: Any, says: str) -> None:
    assert not is_as("request", message) or says in ("speaks 1", "later than", "needs an id")
    inbox = bridge.take(message)
    answer = inbox.next()
    assert says in answer["error"]["message"] and "\n" not in answer["error"]["message"]
    assert answer["error"]["data"]["kind"] in ("protocol", "limit")
    bridge.ask("ping", 2).result(2)


@pytest.mark.parametrize(
    ("params", "kind", "says"),
    [
        ({"input": "missing.wav"}, "input", "no such file"),
        ({"input": "notes.txt"}, "input", "notes.txt"),
        ({"input": "."}, "input", "folder"),
        ({"input": "talk.wav", "output": "talk.wav"}, "setting", "choose another name"),
        ({"input": "talk.wav", "output": "there.wav"}, "output", '"force": true'),
        ({"input": "talk.wav", "output": "no/where.wav"}, "output", "no folder"),
        ({"input": "talk.wav", "start_s": 9.0}, "setting", "talk.wav"),
        ({"input": "talk.wav", "preset": "podcats"}, "setting", "did you mean 'podcast'?"),
        ({"input": "talk.wav", "chain": ["denoise", "gian"]}, "setting", "did you mean 'gain'?"),
        ({"input": "talk.wav", "chain": []}, "setting", "at least one processor"),
        ({"input": "talk.wav", "settings": {"reduction": 3}}, "setting", "did you mean 'reduction_db'?"),
        ({"input": "talk.wav", "settings": {"reduction_db": float("inf")}}, "setting", "0..60 dB"),
        ({"input": "talk.wav", "settings": {"reduction_db": [[3]]}}, "setting", "reduction_db"),
        ({"input": "talk.wav", "settings": {"gain.gain_db": 3}}, "setting", "not in the chain"),
        ({"input": "talk.wav", "profile": "notes.txt"}, "profile", "notes.txt"),
        ({"input": "talk.wav", "save_profile": "notes.txt"}, "setting", "no profile"),
        ({"input": "talk.wav", "save_profile": "talk.wav"}, "setting", "one of the recordings"),
        ({"input": "talk.wav", "save_profile": "p.npz", "settings": FAST}, "setting", "nothing learns"),
        ({"input": "../talk.wav"}, "path", "outside"),
        ({"input": "/etc/passwd"}, "path", "outside"),
        ({"input": "talk.wav", "output": "../o.wav"}, "path", "outside"),
        ({"input": "talk.wav", "removed": "link/o.wav"}, "path", "outside"),
        ({"input": "talk.wav", "preset": "../mine.toml"}, "path", "outside"),
        ({"input": "link/secret.wav"}, "path", "outside"),
        ({"input": "talk.wav", "output": "sneaky.wav", "force": True}, "path", "outside"),
        ({"input": "talk\0.wav"}, "path", "null character"),
        ({"input": "talk\ud800.wav"}, "path", "characters"),
        ({"input": "a/" * 3000}, "limit", "at most 4096 bytes"),
    ],
)
def test_what_cannot_be_done(
    bridge: NearBridge, folder: Path, params: dict[str, Any], kind: str, says: str
) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    write(outside / "secret.wav")
    (folder / "link").symlink_to(outside)
    (folder / "sneaky.wav").symlink_to(outside / "new.wav")
    (folder / "notes.txt").write_text("no sound")
    (folder / "there.wav").write_text("old")
    before = snapshot(folder.parent)
    found, text = bridge.ask("clean", **params).error()
    assert (found, says in text) == (kind, True), text
    assert snapshot(folder.parent) == before


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"settings": FAST}, "nothing in the chain learns"),
        ({"settings": {"passes": 1}}, "take passes=2"),
        ({"profile": "talk.wav"}, "the recording itself"),
        ({"profile": "notes.txt"}, "no profile"),
    ],
)
def test_what_cannot_be_learned(bridge: NearBridge, folder: Path, params: dict[str, Any], says: str) -> None:
    (folder / "notes.txt").write_text("no sound")
    before = snapshot(folder)
    kind, text = bridge.ask("learn", **{"input": "talk.wav", "profile": "p.npz", **params}).error()
    assert kind == "setting" and says in text
    assert snapshot(folder) == before


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"nonsense", "no JSON"),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "clean", "params": {"start_s": NaN}}', "NaN is no number"),
        (b'{"a": Infinity}', "Infinity is no number"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "no JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b"\x00", "no JSON"),
        (None, "more than 1048576 bytes"),
    ],
)
def test_what_is_no_line_of_the_protocol(bridge: NearBridge, line: bytes | None, says: str) -> None:
    bridge.dispatcher.take_line(bridge.client, line)
    kind, text = bridge.inbox.error(None)
    assert says in text and kind == ("limit" if line is None else "protocol")


def test_numbers_that_are_none_come_as_null(bridge: NearBridge, folder: Path) -> None:
    write(folder / "silence.wav", sound(1.0) * 0.0)
    result = bridge.ask("clean", input="silence.wav", settings=FAST).result()
    assert result["reduction_db"] is None
    json.dumps(result, allow_nan=False)


def test_a_name_that_is_no_text_comes_back_as_it_was(bridge: NearBridge, folder: Path) -> None:
    name = os.fsdecode(b"caf\xe9.wav")
    write(folder / "e.wav").rename(folder / name)
    result = bridge.ask("clean", input=name, settings=FAST).result()
    assert result["input"] == name and (folder / os.fsdecode(b"caf\xe9_clean.wav")).exists()
