"""The weights that come along: written and read, and refused where they are not what they should be."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import pickle

import numpy as np
import pytest
from band_networks import random_weights

from dap_stream.errors import ProfileError
from dap_stream.models.band.educated import FORMAT, educated_weights, load_educated, save_educated
from dap_stream.models.weight_files import CARD_NAME, WEIGHTS_NAME


@pytest.fixture
def folder(tmp_path):
    save_educated(tmp_path, random_weights(), {"recordings": 0})
    return tmp_path


def refused(folder):
    """Why; in one line that says what to do."""
    with pytest.raises(ProfileError) as caught:
        load_educated(folder)
    text = str(caught.value)
    assert "\n" not in text and "install dap_stream again" in text and str(folder) in text
    return text


def put(folder, data):
    """Other weights with a card that is right about them."""
    (folder / WEIGHTS_NAME).write_bytes(data)
    card = {"format": FORMAT, "sha256": hashlib.sha256(data).hexdigest()}
    (folder / CARD_NAME).write_text(json.dumps(card), encoding="utf-8")


def test_weights_come_back_as_16_bit_floats_and_the_card_as_it_was(folder):
    weights, card = load_educated(folder)
    expected = random_weights()
    assert list(weights) == list(expected)
    for name, value in weights.items():
        assert value.dtype == np.float32
        np.testing.assert_allclose(value, expected[name], rtol=2**-11, atol=2**-24)
    assert card["recordings"] == 0 and card["format"] == FORMAT
    assert card["bytes"] == (folder / WEIGHTS_NAME).stat().st_size


def test_equal_weights_give_equal_files(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    save_educated(other, random_weights(), {"recordings": 0})
    assert (other / CARD_NAME).read_text() == (folder / CARD_NAME).read_text()


@pytest.mark.parametrize("name", [WEIGHTS_NAME, CARD_NAME])
def test_a_missing_file_is_told(folder, name):
    (folder / name).unlink()
    assert "cannot be read" in refused(folder) and name in refused(folder)


def test_a_damaged_file_is_told(folder):
    data = bytearray((folder / WEIGHTS_NAME).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / WEIGHTS_NAME).write_bytes(data)
    assert "is damaged (checksum)" in refused(folder)


def test_another_format_is_told(folder):
    card = json.loads((folder / CARD_NAME).read_text())
    (folder / CARD_NAME).write_text(json.dumps({**card, "format": "dap_stream band 0"}))
    assert f"are of 'dap_stream band 0', not '{FORMAT}'" in refused(folder)


def test_a_card_that_is_no_json_is_told(folder):
    (folder / CARD_NAME).write_text("{")
    assert "cannot be read" in refused(folder)


def test_a_card_that_is_a_list_is_told(folder):
    (folder / CARD_NAME).write_text("[]")
    refused(folder)


class Run:
    """Says so when it is unpickled."""

    was_run = False

    def __reduce__(self):
        return (setattr, (Run, "was_run", True))


def put_pickled(folder, kind):
    """As an array of objects in an archive, or as the whole file."""
    buffer = io.BytesIO()
    np.savez(buffer, weights=np.array([Run()], object))
    put(folder, buffer.getvalue() if kind == "array" else pickle.dumps(Run()))


@pytest.mark.parametrize("kind", ["array", "pickle"])
def test_pickled_content_is_refused(folder, kind):
    put_pickled(folder, kind)
    refused(folder)


@pytest.mark.parametrize("kind", ["array", "pickle"])
def test_pickled_content_is_not_run(folder, kind):
    put_pickled(folder, kind)
    with contextlib.suppress(Exception):
        load_educated(folder)
    assert not Run.was_run


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 and no more", b"text"])
def test_what_is_no_archive_is_refused(folder, data):
    put(folder, data)
    refused(folder)


def test_the_weights_that_come_along_are_of_this_network_and_of_no_recording():
    card = load_educated()[1]
    shapes = {name: value.shape for name, value in educated_weights().items()}
    assert shapes == {name: value.shape for name, value in random_weights().items()}
    assert all(np.isfinite(value).all() for value in educated_weights().values())
    assert card["recordings"] == 0
