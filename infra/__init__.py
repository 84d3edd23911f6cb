"""The deployment: a CDK app of two stacks, the engine's and the one-time access of a repository."""
