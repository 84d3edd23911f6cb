"""`python -m qabot`."""

from qabot.cli import main

raise SystemExit(main())
