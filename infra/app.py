"""The CDK app behind cdk.json; `scripts/cdk deploy` and the other commands of `cdk` run it.

Context switches, `cdk -c NAME=VALUE`:

    bootstrapless=true   need nothing that `cdk bootstrap` creates, for an emulated cloud. Images
                         cannot be pushed then, so `image` must be set.
    image=REFERENCE      run this image instead of the one in cdk.json.
    github_…=VALUE       the settings of the same name, for the access stack.

The settings are those of this checkout's cdk.json, or of the repository that QABOT_ROOT names. Whatever
`stack_name` says, the command line calls the two stacks `qabot` and `qabot-access`.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk

from answerer.errors import AnswererError
from infra.access_stack import ACCESS_ID, MISSING, AccessStack
from infra.audit import audit
from infra.stack import QabotStack
from qabot.deployment.settings import Settings, read_settings
from qabot.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# The arguments of scripts/cdk, which the CDK does not pass to its app.
ARGUMENTS_VARIABLE = "QABOT_CDK_ARGUMENTS"
# The repository whose cdk.json has the settings, where that is another one.
ROOT_VARIABLE = "QABOT_ROOT"
ROOT = Path(__file__).resolve().parents[1]
# How Linux lists an emulator for ARM64 programs: https://docs.kernel.org/admin-guide/binfmt-misc.html
EMULATORS = Path("/proc/sys/fs/binfmt_misc")
CANNOT_BUILD = (
    "architecture is arm64, and this {machine} machine cannot build an ARM64 image. Deploy on an ARM64 "
    "machine (on GitHub: gh variable set AWS_RUNNER --body ubuntu-24.04-arm), install an emulator "
    "(docs/deploying.md), or set image in cdk.json to an ARM64 image that is built already"
)


def build(
    root: Path = ROOT,
    context: Mapping[str, object] | None = None,
    outdir: str | None = None,
    wanted: Collection[str] = (),
    code: Path | None = None,
) -> cdk.App:
    """Make the app, not synthesised yet: the main stack, and the access stack where it is set up.

    Args:
        root: the repository, with cdk.json.
        context: context that wins over that of the CDK's command line.
        outdir: where the cloud assembly is written (default: the CDK's choice).
        wanted: the command and the names of its stacks.
        code: this program's checkout, with container/; None where that is the repository.

    Raises:
        UsageError: the access stack is wanted and the settings name no repository, or the image is to
            be built on a machine that cannot.
        SettingsError: cdk.json or a context switch has an invalid setting.
        ModelError: the bundled model is to be deployed and cannot be read.
    """
    app = cdk.App(context={**feature_flags(), **(context or {})}, outdir=outdir)
    overridable = [
        field.name
        for field in fields(Settings)
        if field.name.startswith("github_") or field.name == "image"
    ]
    given = {name: app.node.try_get_context(name) for name in overridable}
    settings = read_settings(
        root, {name: value for name, value in given.items() if value is not None}
    )
    if "deploy" in wanted and settings.image is None:
        check_machine(settings)
    bootstrapless = str(app.node.try_get_context("bootstrapless")).lower() == "true"
    synthesizer = cdk.BootstraplessSynthesizer() if bootstrapless else None
    QabotStack(app, settings=settings, root=code or root, synthesizer=synthesizer)
    if settings.github_repository is not None:
        AccessStack(app, settings=settings)
    elif ACCESS_ID in wanted:
        raise UsageError(MISSING)
    audit(app)
    return app


def feature_flags() -> dict[str, object]:
    """Return the feature flags of the CDK as feature_flags.json chooses them."""
    text = Path(__file__).with_name("feature_flags.json").read_text(encoding="utf-8")
    return {name: value for name, value in json.loads(text).items() if not name.startswith("//")}


def check_machine(settings: Settings) -> None:
    """Check that this machine can build the image, before anything is deployed.

    Docker's virtual machine on macOS and Windows has an emulator. On Linux one must be installed.

    Raises:
        UsageError: it is a Linux machine of another architecture without an emulator.
    """
    machine = platform.machine()
    if (
        settings.architecture == "arm64"
        and platform.system() == "Linux"
        and machine not in ("aarch64", "arm64")
        and not (EMULATORS / "qemu-aarch64").exists()
    ):
        raise UsageError(CANNOT_BUILD.format(machine=machine))


def main(root: Path = ROOT) -> int:
    """Synthesise for `cdk` and return the exit code.

    Args:
        root: this program's checkout.
    """
    repository = Path(os.environ.get(ROOT_VARIABLE) or root)
    wanted = os.environ.get(ARGUMENTS_VARIABLE, "").split()
    try:
        build(repository, wanted=wanted, code=root).synth()
    except AnswererError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except RuntimeError as error:
        # jsii has one class for all JavaScript errors.
        if str(error).startswith("ValidationFailed"):  # the CDK has printed the findings
            print("correct the findings above, or accept one with its reason", file=sys.stderr)
        else:
            print(f"the CDK cannot make the template: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
