"""The PNG encoder, read by a library that knows the format."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.image import imread

from dap_stream.report.png import SHADES, level_png, palette


def test_each_level_gets_its_colour_and_the_first_row_is_at_the_bottom() -> None:
    levels = np.linspace(-75.0, 0.0, SHADES).reshape(8, SHADES // 8)
    picture = imread(io.BytesIO(level_png(levels, -75.0, 0.0)))
    colours = np.round(picture[::-1, :, :3].reshape(SHADES, 3) * 255.0)
    assert np.array_equal(colours, palette())


def test_what_lies_outside_is_shown_as_the_ends() -> None:
    picture = imread(io.BytesIO(level_png(np.array([[-1e9, 1e9]]), -75.0, 0.0)))
    assert np.array_equal(np.round(picture[0, :, :3] * 255.0), palette()[[0, -1]])
