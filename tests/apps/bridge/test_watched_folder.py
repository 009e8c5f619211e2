"""Job files in a folder, without a process."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from bridges import ENDLESS, FAST, NearBridge, check, near_bridge, wait_for
from recordings import snapshot, sound, write

from dap_stream.apps.bridge import folder_claim
from dap_stream.apps.bridge.folder_claim import beating, claimed
from dap_stream.apps.bridge.watched_folder import WatchedFolder
from dap_stream.errors import OutputError


class Watched(WatchedFolder):
    """With a host's hands."""

    path: Path
    near: NearBridge

    def put(self, name: str, method: str = "clean", **params: object) -> None:
        """As a careful host does it."""
        content = {"protocol": 1, "method": method, "params": params}
        check("job_file", content)
        hidden = self.path / f"{name}.tmp"
        hidden.write_text(json.dumps(content))
        hidden.rename(self.path / f"{name}.job.json")

    def has(self, file: str) -> bool:
        return (self.path / file).exists()

    def result(self, name: str) -> dict[str, Any]:
        """When it is there; the rest is gone then, or soon."""

        def is_done() -> bool:
            self.look()
            return self.has(f"{name}.result.json")

        wait_for(is_done)
        content: dict[str, Any] = json.loads((self.path / f"{name}.result.json").read_text())
        check("result_file", content)
        wait_for(lambda: name not in self._taken)
        assert not any(self.has(f"{name}.{kind}.json") for kind in ("job", "running", "progress"))
        return content

    def error(self, name: str) -> tuple[str, str]:
        error = self.result(name)["error"]
        return error["data"]["kind"], error["message"]


def make(folder: Path, near: NearBridge, said: list[str], patience_s: float = 1e9) -> Watched:
    made = Watched(folder, near.dispatcher, said.append, patience_s)
    made.path, made.near = folder, near
    return made


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def watched(tmp_path: Path, said: list[str]) -> Iterator[Watched]:
    write(tmp_path / "talk.wav", sound(3.0))
    with near_bridge(tmp_path) as near:
        yield make(tmp_path, near, said)


def test_a_job_becomes_a_result(watched: Watched) -> None:
    watched.put("a", input="talk.wav", output="o.wav", settings=FAST)
    result = watched.result("a")["result"]
    check("clean_result", result)
    assert result["output"] == "o.wav"
    assert set(snapshot(watched.path)) == {"a.result.json", "o.wav", "talk.wav"}


def test_the_oldest_job_comes_first(watched: Watched) -> None:
    for i, name in enumerate(["c", "a", "b"]):
        watched.put(name, "ping")
        os.utime(watched.path / f"{name}.job.json", (1000 + i, 1000 + i))
    assert watched._names(".job.json") == ["c", "a", "b"]


def test_progress_is_told_and_a_file_cancels(watched: Watched) -> None:
    watched.put("a", input="talk.wav", settings=ENDLESS)
    watched.look()
    wait_for(lambda: watched.has("a.progress.json"))
    check("progress_file", json.loads((watched.path / "a.progress.json").read_text()))
    assert watched.has("a.running.json") and not watched.has("a.job.json")
    (watched.path / "a.cancel").touch()
    assert watched.error("a")[0] == "cancelled"
    assert set(snapshot(watched.path)) == {"a.result.json", "talk.wav"}


def test_cancel_before_it_began_and_of_nothing(watched: Watched) -> None:
    (watched.path / "nothing.cancel").touch()
    watched.put("a", input="talk.wav", settings=ENDLESS)
    (watched.path / "a.cancel").touch()
    assert watched.error("a")[0] == "cancelled"
    assert set(snapshot(watched.path)) == {"a.result.json", "talk.wav"}


def test_a_job_file_that_comes_slowly_is_waited_for(watched: Watched) -> None:
    text = json.dumps({"protocol": 1, "method": "ping"})
    for i in range(len(text)):
        (watched.path / "slow.job.json").write_text(text[:i])
        watched.look()
        assert watched.has("slow.job.json") and not watched.has("slow.running.json")
    (watched.path / "slow.job.json").write_text(text)
    assert watched.result("slow") == {"result": {"ok": True}}


def test_a_job_file_that_is_never_completed_is_answered(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "half.job.json").write_text('{"protocol": 1, "meth')
    with near_bridge(tmp_path) as near:
        kind, text = make(tmp_path, near, said, patience_s=0.0).error("half")
    assert kind == "protocol" and text.startswith("half.job.json: a line is no JSON")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([], "must be an object"),
        ({"method": "ping"}, "protocol=None"),
        ({"protocol": 2, "method": "ping"}, "must be 1"),
        ({"protocol": 1, "method": "ping", "id": 1}, "unknown field 'id'"),
        ({"protocol": 1}, "must have a method"),
        ({"protocol": 1, "method": "claen"}, "did you mean 'clean'?"),
        ({"protocol": 1, "method": "clean", "params": {"inptu": "a"}}, "did you mean 'input'?"),
        ({"protocol": 1, "method": "clean", "params": {"input": "/etc/passwd"}}, "outside"),
        ({"protocol": 1, "method": "cancel", "params": {"id": "b"}}, "'b' waits or runs"),
    ],
)
def test_bad_jobs_are_answered_in_their_result(watched: Watched, content: object, says: str) -> None:
    (watched.path / "a.job.json").write_text(json.dumps(content))
    _, text = watched.error("a")
    assert says in text and "\n" not in text


def test_a_job_file_that_is_too_large(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "big.job.json").write_text(" " * (2**20 + 1))
    with near_bridge(tmp_path) as near:
        assert make(tmp_path, near, said, patience_s=0.0).error("big")[0] == "limit"


def test_what_is_no_job_stays(watched: Watched) -> None:
    (watched.path / "folder.job.json").mkdir()
    (watched.path / ".hidden.job.json").write_text("{}")
    (watched.path / "link.job.json").symlink_to(watched.path / "talk.wav")
    os.mkfifo(watched.path / "pipe.job.json")
    watched.look()
    assert not list(watched.path.glob("*.running.json")) and len(list(watched.path.iterdir())) == 5


def test_a_name_is_used_again(watched: Watched) -> None:
    for _ in range(2):
        watched.put("a", input="talk.wav", output="o.wav", force=True, settings=FAST)
        watched.look()
        assert "result" in watched.result("a")


def test_what_a_killed_bridge_left_is_taken_up_again(watched: Watched, said: list[str]) -> None:
    job = {"protocol": 1, "method": "clean", "params": {"input": "talk.wav", "settings": FAST}}
    (watched.path / "a.running.json").write_text(json.dumps(job))
    (watched.path / "done.running.json").write_text(json.dumps(job))
    (watched.path / "done.result.json").write_text('{"result": {"ok": true}}')
    watched.take_up_again()
    assert "result" in watched.result("a")
    assert said == ["a: taken up again"] and not watched.has("done.running.json")


def test_a_folder_that_is_away_for_a_while(watched: Watched, said: list[str], tmp_path: Path) -> None:
    away = tmp_path.with_name("away")
    tmp_path.rename(away)
    for _ in range(3):
        watched.look()
    away.rename(tmp_path)
    watched.put("a", "ping")
    assert watched.result("a") == {"result": {"ok": True}}
    assert len(said) == 1 and "No such file" in said[0]


def test_a_result_waits_for_a_folder_that_is_away(
    watched: Watched, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dap_stream.apps.bridge.watched_folder.TRY_AGAIN_S", 0.02)
    monkeypatch.setattr("dap_stream.apps.bridge.watched_folder.TRIES", 10**6)
    watched.put("a", input="talk.wav", settings=ENDLESS)
    watched.look()
    wait_for(lambda: watched.has("a.progress.json"))
    away = tmp_path.with_name("away")
    tmp_path.rename(away)
    watched.near.jobs.cancel(watched._client, "a")
    wait_for(lambda: not watched.near.jobs.has(watched._client, "a"))
    away.rename(tmp_path)
    assert watched.error("a")[0] == "cancelled" and said == []


# ---------------------------------------------------------------- whose folder it is


def test_one_bridge_for_one_folder(tmp_path: Path) -> None:
    with claimed(tmp_path), beating(tmp_path, ["/a"]):
        about = json.loads((tmp_path / "bridge.json").read_text())
        check("bridge_file", about)
        assert about["pid"] == os.getpid() and about["folders"] == ["/a"]
        with pytest.raises(OutputError, match="watches this folder already"):
            with claimed(tmp_path):
                pass
    assert list(tmp_path.iterdir()) == []
    with claimed(tmp_path):
        pass


def test_the_heart_beats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_claim, "HEARTBEAT_S", 0.02)
    with beating(tmp_path, []):
        first = (tmp_path / "bridge.json").read_text()
        wait_for(lambda: (tmp_path / "bridge.json").read_text() != first)


def test_a_bridge_on_another_machine_is_known_by_its_heartbeat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_claim, "HEARTBEAT_S", 0.02)
    monkeypatch.setattr(folder_claim, "LISTEN_S", 0.3)
    with ExitStack() as stack:
        with monkeypatch.context() as there:
            there.setattr(platform, "node", lambda: "another")
            stack.enter_context(beating(tmp_path, []))
        left = (tmp_path / "bridge.json").read_text()
        with pytest.raises(OutputError, match="another bridge, perhaps on another machine"):
            with claimed(tmp_path):
                pass
    (tmp_path / "bridge.json").write_text(left)  # it was killed
    with claimed(tmp_path):
        pass
