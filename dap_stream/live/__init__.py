"""Live audio: a processor between a microphone and a loudspeaker, with a latency that never moves.

The audio callback (compiled, no Python) only copies. A thread processes. Both meet in shared memory whose
samples have absolute positions, so that a late result is a matter of positions, never of waiting:

::

    callback:  in -> input ring ........................ output = wet if there, else aligned dry -> out
    thread:            input ring -> processor -> output ring

Nothing here is imported by the rest of the package, and PortAudio is loaded only when a device is asked for.
"""
