"""Settings and limits of the deployment."""
