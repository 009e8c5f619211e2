"""The picture of a report in README: the demo's recording, cleaned, and its page in Chromium.

Run as ``python -m bench.report_picture``; wants Chromium and the extra ``report``. Writes report_page.png.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from dap_stream.cli.demo_recording import make_recording
from dap_stream.cli.main import main as dap_stream
from dap_stream.io.file_sink import FileSink
from dap_stream.io.formats import FileFormat

PICTURE = Path(__file__).with_name("report_page.png")
WIDTH, HEIGHT, COLOURS = 1100, 1060, 96


def main() -> None:
    """Make it."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("this needs Chromium: apt install chromium")
    with tempfile.TemporaryDirectory() as folder:
        recording, page, shot = (Path(folder, name) for name in ("talk.wav", "talk.html", "shot.png"))
        _, noisy = make_recording()
        with FileSink(recording, FileFormat("WAV", "PCM_16", 16000, 1), len(noisy)) as sink:
            sink.write(noisy[None])
            sink.commit()
        if dap_stream(["denoise", str(recording), "--report", str(page)]):
            raise SystemExit("the recording was not cleaned")
        size = f"--window-size={WIDTH},{HEIGHT}"
        quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command = [browser, *quiet, size, f"--screenshot={shot}", page.as_uri()]
        subprocess.run(command, check=True, capture_output=True)
        with Image.open(shot) as image:
            image.convert("RGB").quantize(COLOURS).save(PICTURE, optimize=True)
    print(f"{PICTURE.name}: {PICTURE.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
