"""Deploy the stack of infra/ without the CDK's command line: synthesise, then CloudFormation.

`scripts/rehearse` uses the real `cdk deploy`; this takes a second or two.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from functools import lru_cache
from typing import Any

from tools import ROOT

# The emulated cloud runs the answerer itself, or an image that Docker has; it does not pull images.
IMAGE = "qabot-answerer:local"


def deploy(cloudformation: Any, **settings: Any) -> dict[str, str]:
    """Create the stack, or update an existing one, and return its outputs.

    Args:
        cloudformation: a client of the emulated cloud.
        settings: that differ from cdk.json's.
    """
    name, template = synthesise(tuple(sorted({"image": IMAGE, **settings}.items())))
    there = any(
        summary["StackName"] == name and summary["StackStatus"] != "DELETE_COMPLETE"
        for summary in cloudformation.list_stacks()["StackSummaries"]
    )
    change = cloudformation.update_stack if there else cloudformation.create_stack
    change(StackName=name, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise AssertionError(f"the stack is {stack['StackStatus']}")
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


@lru_cache
def synthesise(differing: tuple[tuple[str, Any], ...]) -> tuple[str, str]:
    """The main stack's name and template, JSON.

    Args:
        differing: settings that differ from cdk.json's, and their values.
    """
    import infra  # noqa: F401 - before the CDK, because it says on which Node that runs

    # isort: split
    import aws_cdk as cdk

    from infra.stack import QabotStack
    from qabot.deployment.settings import read_settings

    settings = replace(read_settings(ROOT), **dict(differing))
    with tempfile.TemporaryDirectory() as outdir:
        app = cdk.App(outdir=outdir)
        stack = QabotStack(
            app, settings=settings, root=ROOT, synthesizer=cdk.BootstraplessSynthesizer()
        )
        assembly = app.synth()
        template = assembly.get_stack_by_name(stack.stack_name).template
        return stack.stack_name, json.dumps(template)
