"""The part of REAPER's interface that our script in Python calls, as its ``reaper_python`` has it.

python fake_reaper.py SCRIPT PROJECT CALLS: PROJECT is a JSON file with a list of items; CALLS gets one line
for each call that changes or shows something. A call of anything else, or with wrong types, is an error. As
in REAPER, things are strings like ``(MediaItem*)0x0000000000000001``, with nothing but 0 where there is none,
and what C gives back through pointers comes in a tuple with all arguments.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

HANDLES = {"I": "MediaItem", "T": "MediaItem_Take", "S": "PCM_source"}
KINDS: dict[str, type | tuple[type, ...]] = {"i": int, "f": (int, float), "s": str, "b": bool}


class Reaper:
    """A project, what was called, and what is to be run later."""

    def __init__(self, project: dict[str, Any], calls: Path) -> None:
        self.project, self.calls = project, calls.open("w", encoding="utf-8")
        self.things: list[tuple[str, dict[str, Any]]] = []
        self.later: list[str] = []
        self.at_exit: list[str] = []
        self.open_blocks = 0
        self.help = ""
        self.items = [self.handle("I", item) for item in project["items"]]

    def handle(self, kind: str, thing: dict[str, Any] | None) -> str:
        """The same one for the same thing."""
        address = 0
        if thing is not None:
            known = [i for i, (_, other) in enumerate(self.things) if other is thing]
            if not known:
                self.things.append((kind, thing))
            address = (known or [len(self.things) - 1])[0] + 1
        return f"({HANDLES[kind]}*)0x{address:016X}"

    def thing(self, kind: str, handle: object) -> dict[str, Any]:
        """What is behind a handle; TypeError unless it is of this kind, and there."""
        match = re.fullmatch(r"\((\w+)\*\)0x([0-9A-F]{16})", str(handle))
        address = int(match[2], 16) if match is not None and match[1] == HANDLES[kind] else 0
        if not 0 < address <= len(self.things) or self.things[address - 1][0] != kind:
            raise TypeError(f"{handle!r} is no {HANDLES[kind]}")
        return self.things[address - 1][1]

    def typed(self, name: str, kinds: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Takes exactly these types, and writes down what starts with ``!``."""
        is_recorded, kinds = kinds.startswith("!"), kinds.removeprefix("!")

        def call(*values: Any) -> Any:
            if len(values) != len(kinds):
                raise TypeError(f"{name} takes {len(kinds)} arguments, not {len(values)}")
            things: list[Any] = []
            for kind, value in zip(kinds, values, strict=True):
                if kind in HANDLES:
                    things.append(self.thing(kind, value))
                elif isinstance(value, KINDS[kind]) and (kind == "b" or not isinstance(value, bool)):
                    things.append(value)
                else:
                    raise TypeError(f"{name}: {value!r} is not of the kind {kind}")
            if is_recorded:
                words = [str(each["id"]) if isinstance(each, dict) else str(each) for each in things]
                words = [word.lower() if word in ("True", "False") else word for word in words]
                print("\t".join((name, *words)).replace("\n", " | "), file=self.calls, flush=True)
            return work(*things)

        return call

    def in_undo(self) -> None:
        if self.open_blocks != 1:
            raise RuntimeError("outside of an undo block")

    def block(self, step: int) -> None:
        self.open_blocks += step

    def new_take(self, item: dict[str, Any]) -> str:
        self.in_undo()
        return self.handle("T", {"id": item["id"] + ".new"})

    def changed(self, *_values: Any) -> int:
        self.in_undo()
        return 1

    def functions(self) -> dict[str, Callable[..., Any]]:
        """All that there is, with ``RPR_`` in front."""

        def nothing(*_values: Any) -> None:
            pass

        def is_valid(address: int, kind: str) -> int:
            if not 0 < address <= len(self.things):
                return 0
            of, thing = self.things[address - 1]
            return int(f"{HANDLES[of]}*" == kind and not thing.get("removed"))

        def source_from(path: str) -> str:
            return self.handle("S", {"id": path} if os.path.exists(path) else None)

        known: dict[str, tuple[str, Callable[..., Any]]] = {
            "CountSelectedMediaItems": ("i", lambda _: len(self.items)),
            "GetSelectedMediaItem": ("ii", lambda _, i: self.items[i]),
            "GetActiveTake": ("I", lambda item: self.handle("T", item.get("take"))),
            "GetTakeName": ("T", lambda take: take["name"]),
            "TakeIsMIDI": ("T", lambda take: int(take["midi"])),
            "GetMediaItemTake_Source": ("T", lambda take: self.handle("S", take["source"])),
            "GetMediaSourceType": ("Ssi", lambda source, text, n: (source, source["type"], n)),
            "GetMediaSourceFileName": ("Ssi", lambda source, text, n: (source, source["path"], n)),
            "GetMediaSourceLength": ("Sb", lambda source, _: (source["length"], source, 0)),
            "GetMediaItemTakeInfo_Value": ("Ts", lambda take, name: float(take.get(name, 0.0))),
            "GetMediaItemInfo_Value": ("Is", lambda item, name: float(item.get(name, 0.0))),
            "file_exists": ("s", lambda path: int(os.path.exists(path))),
            "ValidatePtr": ("is", is_valid),
            "ShowMessageBox": ("!ssi", lambda *_: 1),
            "Help_Set": ("sb", lambda text, _: vars(self).update(help=text)),
            "Undo_BeginBlock": ("!", lambda: self.block(1)),
            "Undo_EndBlock": ("!si", lambda *_: self.block(-1)),
            "PreventUIRefresh": ("i", nothing),
            "UpdateArrange": ("", nothing),
            "Main_OnCommand": ("!ii", nothing),
            "PCM_Source_CreateFromFile": ("s", source_from),
            "AddTakeToMediaItem": ("!I", self.new_take),
            "SetMediaItemTake_Source": ("!TS", self.changed),
            "SetMediaItemTakeInfo_Value": ("!Tsf", self.changed),
            "GetSetMediaItemTakeInfo_String": ("!Tssb", lambda *values: (self.changed(), *values)),
            "SetActiveTake": ("!T", self.changed),
            "defer": ("s", self.later.append),
            "atexit": ("s", self.at_exit.append),
        }
        return {f"RPR_{name}": self.typed(name, *each) for name, each in known.items()}

    def run(self, script: Path) -> None:
        """As REAPER does it: the script is the main program, and what it defers runs in there."""
        main = types.ModuleType("__main__")
        vars(main).update(self.functions())
        sys.modules["__main__"] = main
        exec(compile(script.read_text(encoding="utf-8"), str(script), "exec"), vars(main))
        while self.later and not self.project.get("closes"):
            now, self.later[:] = list(self.later), []
            for code in now:
                exec(code, vars(main))
            time.sleep(0.03)
        for code in self.at_exit:
            exec(code, vars(main))
        if self.open_blocks or self.help:
            raise RuntimeError("an undo block is still open, or the line for help is not empty")


if __name__ == "__main__":
    script, project, calls = map(Path, sys.argv[1:])
    # A name of its own, which stays when the script becomes the main program.
    reaper = Reaper(json.loads(project.read_text(encoding="utf-8")), calls)
    reaper.run(script)
