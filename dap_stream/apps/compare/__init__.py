"""Two results beside each other, in figures and one picture."""
