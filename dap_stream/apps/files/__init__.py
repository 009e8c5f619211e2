"""Recordings as files and pipes: one job, a batch of them, its estimate and its report."""
