"""Networks that learn one recording, and how they are trained, saved and found."""
