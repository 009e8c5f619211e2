"""Made-up sounds of animals: synthesised from random numbers alone, each kind over a wide range."""
