"""``python -m dap_stream`` is the command line."""

from __future__ import annotations

import sys

from dap_stream.cli.start import main

sys.exit(main())
