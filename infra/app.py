"""The CDK app behind cdk.json; `scripts/cdk deploy` and the other commands of `cdk` run it.

Context switches, `cdk -c NAME=VALUE`:

    bootstrapless=true   expect nothing that `cdk bootstrap` makes: for an emulated cloud. There is
                         no place to push an image to, so `image` must be set or given too.
    image=REFERENCE      run this image, whatever cdk.json says.
    github_…=VALUE       the settings of the same name, for the access stack.
"""

from __future__ import annotations

import os
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk

from answerer.errors import AnswererError
from infra.access_stack import MISSING, AccessStack, access_stack_name
from infra.audit import audit
from infra.stack import QabotStack
from qabot.deployment.settings import Settings, read_settings
from qabot.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# What scripts/cdk was called with: the CDK itself doesn't tell its app.
ARGUMENTS_VARIABLE = "QABOT_CDK_ARGUMENTS"
ROOT = Path(__file__).resolve().parents[1]


def build(
    root: Path = ROOT,
    context: Mapping[str, object] | None = None,
    outdir: str | None = None,
    wanted: Collection[str] = (),
) -> cdk.App:
    """The app, not synthesised yet: the main stack, and the access stack where it is set up.

    Args:
        root: the repository, with cdk.json and container/.
        context: context that wins over what the CDK's command line gives.
        outdir: where the cloud assembly goes; the CDK's choice by default.
        wanted: names of stacks that the command is about.

    Raises:
        UsageError: the access stack is wanted, and the settings don't say for which repository.
        SettingsError: cdk.json or a context switch holds what can't be.
        ModelError: the bundled model is to be deployed and can't be read.
    """
    app = cdk.App(context=context, outdir=outdir)
    overridable = [
        field.name
        for field in fields(Settings)
        if field.name.startswith("github_") or field.name == "image"
    ]
    given = {name: app.node.try_get_context(name) for name in overridable}
    settings = read_settings(root, {name: one for name, one in given.items() if one is not None})
    bootstrapless = str(app.node.try_get_context("bootstrapless")).lower() == "true"
    synthesizer = cdk.BootstraplessSynthesizer() if bootstrapless else None
    QabotStack(app, settings=settings, root=root, synthesizer=synthesizer)
    if settings.github_repository is not None:
        AccessStack(app, settings=settings, synthesizer=synthesizer)
    elif access_stack_name(settings) in wanted:
        raise UsageError(MISSING)
    audit(app)
    return app


def main(root: Path = ROOT) -> int:
    """Synthesise for `cdk`; its exit code.

    Args:
        root: the repository.
    """
    try:
        build(root, wanted=os.environ.get(ARGUMENTS_VARIABLE, "").split()).synth()
    except AnswererError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except RuntimeError as error:
        # jsii knows one class for all that JavaScript throws.
        if str(error).startswith("ValidationFailed"):  # the CDK has told the findings
            print("Correct the findings above, or accept one with its reason.", file=sys.stderr)
        else:
            print(f"The CDK can't make the stack's template: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
