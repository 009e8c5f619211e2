"""Shape of the band network: layers and outputs."""

from __future__ import annotations

from dap_stream.dsp.bands import N_BANDS

WIDTH, LAYERS = 160, 2  # of the recurrent part
LEAK = 0.1  # slope below 0 of the first layer
LEAST_VARIANCE = 1e-5  # added before the root in the normalisation
LOOKAHEADS = (0, 2, 4, 8)  # frames: for each there is an output of its own
N_OUTPUTS = N_BANDS + 1  # share of noise in each band; whether there is a voice
