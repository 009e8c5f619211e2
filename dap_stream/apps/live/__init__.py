"""A live stream from start to end: the chain, the session, its recording and report."""

MARGIN_BLOCKS = 4  # blocks that the processing may take by default; here, where the help finds it at once
LOOPBACK = "127.0.0.1"  # where messages are taken from by default: this machine only
