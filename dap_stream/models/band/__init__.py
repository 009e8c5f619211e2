"""The `band` network: how much of each band is noise, from what it was taught before it hears a recording."""
