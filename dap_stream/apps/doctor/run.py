"""All looks, one after the other."""

from __future__ import annotations

from collections.abc import Callable

from dap_stream.apps.doctor import machine, software, sound
from dap_stream.apps.doctor.check import PROBLEM, Finding, Look, look_safely

LOOKS: dict[str, Look] = {
    "versions": software.versions,
    "extras": software.extras,
    "machine": machine.machine,
    "GPU": machine.gpu,
    "caches": software.kernels,
    "weights": software.weights,
    "devices": sound.devices,
    "servers": sound.servers,
    "speed": machine.speed,
}


def examine(tell: Callable[[Finding], None], skip: tuple[str, ...] = ()) -> list[Finding]:
    """Look at everything but ``skip``; ``tell`` gets each finding as soon as there is one."""
    found = []
    for group, look in LOOKS.items():
        if group in skip:
            continue
        for each in look_safely(group, look):
            tell(each)
            found.append(each)
    return found


def exit_status(found: list[Finding]) -> int:
    """1 if something that is needed is broken."""
    return int(any(each.state == PROBLEM for each in found))
