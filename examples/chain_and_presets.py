"""Settings from a preset and single values, and the chain of processors that they describe.

The same words work on the command line: ``--preset podcast --chain denoise,gain --set gain.gain_db=3``.
"""

import numpy as np

import dap_stream

RATE = 16000

if __name__ == "__main__":
    values = {"gain.gain_db": 3.0, "steps": 4}
    settings = dap_stream.make_chain_settings("podcast", values, names=["denoise", "gain"])
    for name, chosen in settings.as_dict().items():
        print(f"{name}: {chosen}")

    try:
        dap_stream.make_chain_settings("podcast", {"reductoin_db": 10.0})
    except dap_stream.errors.SettingError as error:
        print(f"a mistake: {error}")

    tone = 0.2 * np.sin(2 * np.pi * 440.0 * np.arange(4 * RATE) / RATE)
    noisy = tone + 0.03 * np.random.default_rng(0).standard_normal((2, len(tone)))
    chain = dap_stream.make_chain(settings, dap_stream.StreamFormat(RATE, channels=2))
    result = dap_stream.process_array(chain, noisy)
    print(f"{len(chain.processors)} processors, latency {chain.latency / RATE:.2f} s, result {result.shape}")
