"""The whole cloud loop on this machine; `scripts/rehearse` runs it."""
