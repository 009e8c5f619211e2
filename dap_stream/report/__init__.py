"""Pictures and JSON of what was done."""
