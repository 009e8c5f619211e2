"""Cleans the active takes of the selected items in REAPER. Each item gets a new take; the old one stays.

A script in Python has no window of its own: how far it is stands in REAPER's line for help. To cancel, run
it again, and have REAPER terminate it.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import __main__ as reaper  # where REAPER puts its functions
from dap_stream.apps.bridge.hosts.jobs import JobFolder, new_name

HANDLE_S = 1.0  # more of the source than the item shows, so that its edges can be moved afterwards
START_S = 120.0  # to start a bridge; its first start on a machine compiles
SILENCE_S = 15.0  # of a bridge that was alive
BUILD_PEAKS = 40047

# How the take sounds in the item, which the new one is to keep.
LOOKS = ("D_PLAYRATE", "D_PITCH", "B_PPITCH", "D_VOL", "D_PAN", "I_CHANMODE")


class LeftOutError(Exception):
    """Why there is nothing to clean, as a line for the user."""


@dataclass
class Stretch:
    """A part of a file that an item shows, and what the new take gets from the old one."""

    item: str
    path: str
    name: str
    start_s: float
    end_s: float
    offset_s: float
    looks: dict[str, float]


def address(handle: str) -> int:
    """Of a handle like ``(MediaItem*)0x00000000DEADBEEF``; 0 where there is no such thing."""
    return int(handle.rpartition("0x")[2], 16)


def say(text: str) -> None:
    """A box with a line."""
    reaper.RPR_ShowMessageBox(text, "dap_stream", 0)


def stretch_of(item: str) -> Stretch:
    """The part of its file that the active take of an item shows."""
    take = reaper.RPR_GetActiveTake(item)
    if not address(take):
        raise LeftOutError("an empty item")
    name = reaper.RPR_GetTakeName(take)
    if reaper.RPR_TakeIsMIDI(take):
        raise LeftOutError(f"{name}: MIDI")
    source = reaper.RPR_GetMediaItemTake_Source(take)
    if not address(source):
        raise LeftOutError(f"{name}: no source")
    if reaper.RPR_GetMediaSourceType(source, "", 64)[1] == "SECTION":
        raise LeftOutError(f"{name}: a section, or reversed; glue the item first")
    path = reaper.RPR_GetMediaSourceFileName(source, "", 4096)[1]
    if not path:
        raise LeftOutError(f"{name}: has no file; glue the item first")
    if not reaper.RPR_file_exists(path):
        raise LeftOutError(f"{path}: is offline")
    length_s, _, is_in_beats = reaper.RPR_GetMediaSourceLength(source, False)
    if is_in_beats or length_s <= 0:
        raise LeftOutError(f"{path}: has no length")
    looks = {key: reaper.RPR_GetMediaItemTakeInfo_Value(take, key) for key in LOOKS}
    first_s = reaper.RPR_GetMediaItemTakeInfo_Value(take, "D_STARTOFFS")
    last_s = first_s + reaper.RPR_GetMediaItemInfo_Value(item, "D_LENGTH") * looks["D_PLAYRATE"]
    if last_s > length_s + 1e-6 and reaper.RPR_GetMediaItemInfo_Value(item, "B_LOOPSRC"):
        raise LeftOutError(f"{name}: a loop; glue the item first")
    start_s, end_s = max(first_s - HANDLE_S, 0.0), min(last_s + HANDLE_S, length_s)
    if end_s <= start_s:
        raise LeftOutError(f"{name}: shows nothing of its source")
    return Stretch(item, path, name, start_s, end_s, first_s - start_s, looks)


def add_take(stretch: Stretch, path: str) -> str | None:
    """A new take with a cleaned file, active; or the reason why it has no place."""
    # ValidatePtr alone takes the address: all others turn a handle of something that has gone into 0.
    if not reaper.RPR_ValidatePtr(address(stretch.item), "MediaItem*"):
        return f"{stretch.name}: its item has been removed; the result is {path}"
    source = reaper.RPR_PCM_Source_CreateFromFile(path)
    if not address(source):
        return f"{path}: cannot be opened by REAPER"
    take = reaper.RPR_AddTakeToMediaItem(stretch.item)
    reaper.RPR_SetMediaItemTake_Source(take, source)
    for key, value in {**stretch.looks, "D_STARTOFFS": stretch.offset_s}.items():
        reaper.RPR_SetMediaItemTakeInfo_Value(take, key, value)
    reaper.RPR_GetSetMediaItemTakeInfo_String(take, "P_NAME", f"{stretch.name} (clean)", True)
    reaper.RPR_SetActiveTake(take)
    return None


class Cleaning:
    """All selected items on their way, while REAPER goes on."""

    def __init__(self) -> None:
        self.folder = JobFolder()
        self.reasons: list[str] = []  # of those that are left out or failed
        self.waiting: dict[str, Stretch] = {}  # by the name of the job
        self.cleaned: list[tuple[Stretch, str]] = []
        self.seen_s, self.has_lived = time.monotonic(), False

    def start(self) -> None:
        """Hand all jobs to the bridge, and begin to look at them."""
        count = reaper.RPR_CountSelectedMediaItems(0)
        try:
            for item in [reaper.RPR_GetSelectedMediaItem(0, i) for i in range(count)]:
                self.begin(item)
            if self.waiting:
                self.folder.start_bridge()
        except OSError as error:
            self.give_up(f"{error}; run dap-stream bridge install reaper again")
        if not count:
            say("Select items first.")
        elif not self.waiting:
            say("Nothing to clean.\n" + "\n".join(self.reasons))
        else:
            self.step()

    def begin(self, item: str) -> None:
        """Hand the job of an item to the bridge."""
        try:
            stretch = stretch_of(item)
        except LeftOutError as reason:
            self.reasons.append(str(reason))
            return
        params = {
            "input": stretch.path,
            "output": f"{os.path.splitext(stretch.path)[0]}_{new_name('clean')}.wav",
            "start_s": stretch.start_s,
            "end_s": stretch.end_s,
        }
        name = self.folder.submit("reaper", "clean", params)
        self.waiting[name] = stretch

    def step(self) -> None:
        """Look at what waits, and come again as long as something does."""
        shown = ""
        for name, stretch in list(self.waiting.items()):
            state, told = self.folder.look(name)
            if state == "working":
                of = len(self.cleaned) + len(self.waiting)
                shown = shown or f"{stretch.name}: {told['stage']} {told['part']:.0%}, {of} items"
                continue
            del self.waiting[name]
            if state == "done":
                self.cleaned.append((stretch, told["output"]))
            else:
                self.reasons.append(told["message"])
        now_s = time.monotonic()
        if self.folder.is_alive():
            self.seen_s, self.has_lived = now_s, True
        if self.waiting and now_s - self.seen_s > (SILENCE_S if self.has_lived else START_S):
            self.give_up(
                f"the bridge does not answer; try it in a terminal: {' '.join(self.folder.start_words())}"
            )
        if self.waiting:
            reaper.RPR_Help_Set(f"dap_stream: {shown}", True)
            reaper.RPR_defer("cleaning.step()")
        else:
            self.finish()

    def give_up(self, reason: str | None = None) -> None:
        """Cancel what waits."""
        for name in self.waiting:
            self.folder.cancel(name)
        self.waiting = {}
        if reason is not None:
            self.reasons.append(reason)

    def end(self) -> None:
        """However the script ends: nothing goes on, and REAPER's line is its own again."""
        self.give_up()
        reaper.RPR_Help_Set("", True)

    def finish(self) -> None:
        """Put all cleaned takes in, as one step to undo, and tell the rest."""
        if self.cleaned:
            reaper.RPR_Undo_BeginBlock()
            reaper.RPR_PreventUIRefresh(1)
            reasons = [add_take(stretch, path) for stretch, path in self.cleaned]
            self.reasons += [reason for reason in reasons if reason is not None]
            reaper.RPR_PreventUIRefresh(-1)
            reaper.RPR_UpdateArrange()
            reaper.RPR_Undo_EndBlock("dap_stream: clean items", -1)
            reaper.RPR_Main_OnCommand(BUILD_PEAKS, 0)
        if self.reasons:
            say("\n".join(self.reasons))


if __name__ == "__main__":
    cleaning = Cleaning()
    reaper.RPR_atexit("cleaning.end()")
    cleaning.start()
