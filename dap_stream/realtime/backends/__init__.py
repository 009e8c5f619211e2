"""Devices: PortAudio, JACK, and a file in the place of a device."""
