"""Look for known vulnerabilities in what the lock files name: `scripts/audit`."""
