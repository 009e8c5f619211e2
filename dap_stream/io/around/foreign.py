"""Chunks of a WAV or AIFF file inside of a FLAC file, as ``flac --keep-foreign-metadata`` puts them there.

Each is an APPLICATION block; of the samples only the head is among them.
"""

from __future__ import annotations

import struct

from dap_stream.io.around.flac import APPLICATION, MAX_BODY
from dap_stream.io.around.layouts import LAYOUTS
from dap_stream.io.around.surroundings import Chunk, Surroundings
from dap_stream.io.wave_fmt import parse_fmt

_IDS = {"RIFF": b"riff", "AIFF": b"aiff"}
_KINDS = {application: kind for kind, application in _IDS.items()}
_FILE_HEAD = 12
_SSND_HEAD = 8
_MOST = 2**32 - 1


def is_foreign(block: Chunk) -> bool:
    """Whether a block of FLAC is such a one."""
    return block.name == APPLICATION and block.body[:4] in _KINDS


def unpack_foreign(around: Surroundings) -> Surroundings | None:
    """The chunks of the file that the FLAC file was made from; None if there are none, or not all."""
    bodies = [block.body for block in around.before if is_foreign(block)]
    if not bodies:
        return None
    kind = _KINDS[bodies[0][:4]]
    layout, magic = LAYOUTS[kind], bodies[0][4:8]
    before: list[Chunk] = []
    behind: list[Chunk] = []
    found = before
    for body in bodies[1:]:
        data = body[4:]
        if len(data) < layout.n_head:
            return None
        name, size = struct.unpack_from(layout.head, data)
        if name == layout.audio:
            found = behind
        elif len(data) < layout.n_head + size:
            return None
        elif name != b"ds64":
            found.append(Chunk(name, data[layout.n_head : layout.n_head + size]))
    return None if found is before else Surroundings(kind, tuple(before), tuple(behind), magic)


def pack_foreign(around: Surroundings, n_samples: int) -> tuple[Chunk, ...]:
    """Blocks for the chunks of a file; nothing if it is of another kind, or they do not fit."""
    if around.kind not in _IDS:
        return ()
    layout, application = LAYOUTS[around.kind], _IDS[around.kind]
    form = around.first(layout.form)
    n_bytes = None if form is None else _audio_bytes(around.kind, form, n_samples)
    n_inner = _SSND_HEAD if around.kind == "AIFF" else 0
    if n_bytes is None or max(n_bytes + n_inner, n_samples) > _MOST:
        return ()
    before = [layout.pack(_counted(chunk, layout.form, around.kind, n_samples)) for chunk in around.before]
    behind = [layout.pack(chunk) for chunk in around.behind]
    audio = struct.pack(layout.head, layout.audio, n_bytes + n_inner) + bytes(n_inner)
    total = _FILE_HEAD + sum(map(len, before + behind)) + len(audio) + n_bytes + n_bytes % 2
    if total - 8 > _MOST or any(len(piece) + 4 > MAX_BODY for piece in before + behind):
        return ()
    magic, form_type = (b"FORM", b"AIFF") if around.kind == "AIFF" else (b"RIFF", b"WAVE")
    head = struct.pack(f"{layout.order}4sI4s", magic, total - 8, form_type)
    return tuple(Chunk(APPLICATION, application + piece) for piece in (head, *before, audio, *behind))


def _audio_bytes(kind: str, form: bytes, n_samples: int) -> int | None:
    if kind == "AIFF":
        # Compressed ones have a longer COMM, and another name than flac expects.
        return n_samples * _word(form[:2]) * -(-_word(form[6:8]) // 8) if len(form) == 18 else None
    fmt = parse_fmt(form)
    return None if fmt is None or fmt.tag != 1 else n_samples * fmt.width * fmt.channels


def _word(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _counted(chunk: Chunk, form: bytes, kind: str, n_samples: int) -> Chunk:
    if kind == "AIFF" and chunk.name == form:
        return Chunk(form, chunk.body[:2] + struct.pack(">I", n_samples) + chunk.body[6:])
    return chunk
