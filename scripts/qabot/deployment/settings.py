"""`cdk.json`: every setting of the deployment, read and checked without the CDK and without AWS.

`Settings` is the only table of them: for each its type, default, rule and explanation. In the file they
are under `context.qabot`, each after a key `//NAME` that explains it.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from answerer.info import hub_identity, read_info
from qabot.deployment import fargate_limits as fargate
from qabot.deployment.settings_rules import (
    BRANCH,
    ENVIRONMENT,
    GITHUB_ID,
    IMAGE,
    MODEL,
    REPOSITORY,
    RETENTION_DAYS,
    REVISION,
    STACK_NAME,
    Rule,
    dollars,
    integer,
    one_of,
    or_null,
)
from qabot.errors import Problem, SettingsError
from qabot.models import bundled
from qabot.nodes.json import read_json
from qabot.nodes.nodes import DocumentError, Fields, Items, Node, Scalar, decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SETTINGS_FILE: Final = "cdk.json"
BUNDLED: Final = "bundled"

_T = TypeVar("_T")


def _setting(default: _T, rule: Rule, explanation: str) -> _T:
    return field(default=default, metadata={"rule": rule, "explanation": explanation})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one deployment, each with its default, its rule and its explanation."""

    stack_name: str = _setting(
        "qabot",
        STACK_NAME,
        "Name of the CloudFormation stack. A second deployment in one account needs another name.",
    )
    cpu: int = _setting(1024, one_of(*fargate.SIZES), "CPU units of a task; 1024 are one vCPU.")
    memory: int = _setting(
        4096,
        integer(512, 122_880),
        "Memory of a task in MiB. docs/deploying.md lists the sizes for each cpu.",
    )
    architecture: fargate.Architecture = _setting(  # noqa: RUF009 - gives a field, not a value
        "x86_64",
        one_of(*fargate.ARCHITECTURES),
        "x86_64 or arm64. arm64 is a fifth cheaper; the image must be built for it "
        "(docs/deploying.md).",
    )
    spot: bool = _setting(
        False,
        one_of(True, False),
        "true: run tasks on Fargate Spot, up to 70% cheaper but interruptible, and on demand where "
        "Spot has no capacity.",
    )
    model: str = _setting(
        BUNDLED,
        MODEL,
        'The model of both engines: "bundled" for the one that comes with qabot, or OWNER/NAME of a '
        "question-answering checkpoint on the Hugging Face hub (docs/models.md).",
    )
    revision: str | None = _setting(
        None,
        or_null(REVISION),
        "Commit of the checkpoint on the hub, so that answers stay the same. Not used with "
        '"bundled".',
    )
    quantisation: str = _setting(
        "int8",
        one_of("int8", "none"),
        "int8: a quarter of the size, starts faster; none: the original weights. Not used with "
        '"bundled".',
    )
    image: str | None = _setting(
        None,
        or_null(IMAGE),
        "null: build container/ and push the image when the stack is deployed. Or the reference of "
        "an image that holds the model above, such as ghcr.io/OWNER/NAME:TAG; then nothing is built.",
    )
    log_retention_days: int = _setting(
        14, one_of(*RETENTION_DAYS), "Days that CloudWatch keeps the logs of tasks."
    )
    item_ttl_days: int = _setting(
        30,
        integer(1, 3650),
        "Days that DynamoDB keeps a question and its answer. Answers stay in answers/.",
    )
    max_tasks: int = _setting(
        100,
        integer(1, 5_000),
        "Most tasks that run at the same time. max_tasks times cpu should fit the account's quota "
        "of Fargate vCPUs.",
    )
    # As many keys as fit into the overrides of one launch with room to spare.
    questions_per_task: int = _setting(
        1,
        integer(1, 50),
        "Questions that one task answers, one after the other. More than 1 is cheaper for short "
        "questions (docs/fargate.md).",
    )
    task_deadline_seconds: int = _setting(
        300,
        integer(10, 86_400),
        "Seconds after which a task gives up a question and records why.",
    )
    max_questions: int = _setting(
        1000,
        integer(1, 100_000),
        "Refuse a run that would ask more questions, before anything is launched.",
    )
    max_cost_usd: float = _setting(
        5.0,
        dollars(100_000),
        "Refuse a run estimated to cost more US dollars, before anything is launched.",
    )
    github_repository: str | None = _setting(
        None,
        or_null(REPOSITORY),
        "For the access stack (docs/deploying.md): OWNER/NAME of the repository whose workflows may "
        "deploy and run.",
    )
    github_owner_id: int | None = _setting(
        None,
        or_null(GITHUB_ID),
        "The number of that owner: gh api repos/OWNER/NAME --jq .owner.id",
    )
    github_repository_id: int | None = _setting(
        None,
        or_null(GITHUB_ID),
        "The number of that repository: gh api repos/OWNER/NAME --jq .id",
    )
    github_branch: str = _setting(
        "main",
        BRANCH,
        "The branch whose workflows may deploy and run. Not used when github_environment is set.",
    )
    github_environment: str | None = _setting(
        None,
        or_null(ENVIRONMENT),
        "The GitHub environment whose jobs may deploy and run, instead of a branch. The repository's "
        "variable AWS_ENVIRONMENT must name it, too.",
    )
    github_oidc_provider: str = _setting(
        "create",
        one_of("create", "existing"),
        "create: make GitHub's OIDC provider. existing: use the one that the account already has; "
        "it can have only one.",
    )

    @property
    def checkpoint(self) -> str | None:
        """`OWNER/NAME@REVISION` on the hub; None for the bundled model."""
        if self.model == BUNDLED or self.revision is None:
            return None
        return f"{self.model}@{self.revision}"

    @property
    def model_identity(self) -> str:
        """The identity of the model, as answers and keys record it, on every engine the same.

        Raises:
            ModelError: the model is the bundled one and cannot be read.
        """
        if self.model == BUNDLED or self.revision is None:
            return read_info(bundled.BUNDLED).identity
        return hub_identity(self.model, self.revision, self.quantisation)


RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {setting.name: setting.metadata["rule"] for setting in fields(Settings)}
)
_DEFAULTS: Final = asdict(Settings())


def read_settings(root: Path, overrides: Mapping[str, object] | None = None) -> Settings:
    """Read and check the settings in `root/cdk.json`; missing settings have their default.

    Args:
        root: the repository.
        overrides: settings that override the file's, such as those of `cdk -c NAME=VALUE`, where
            numbers may be text.

    Raises:
        SettingsError: with every problem in the file.
    """
    if not (root / SETTINGS_FILE).exists():
        raise _error("the file is missing", "restore it: git checkout -- cdk.json")
    block = _block(root)
    if not isinstance(block, Fields):
        raise _error(
            'it has no object "context": {"qabot": {…}}',
            "put the settings there, or restore the file: git checkout -- cdk.json",
        )
    return _settings(block, overrides or {})


def read_settings_or_defaults(root: Path | None) -> Settings:
    """The settings of a repository that may have none.

    Args:
        root: the repository; None outside of one.

    Returns:
        The defaults where `cdk.json` is missing or has no settings of qabot, as in a repository with
        another CDK app.

    Raises:
        SettingsError: with every problem in the file.
    """
    if root is None or not (root / SETTINGS_FILE).exists():
        return Settings()
    block = _block(root)
    return _settings(block, {}) if block is not None else Settings()


def _block(root: Path) -> Node | None:
    """The settings in the file, unchecked; None where it has none."""
    try:
        node: Node | None = read_json(decode((root / SETTINGS_FILE).read_bytes()))
    except OSError as error:
        raise _error(f"cannot read it ({error.strerror})", "make it a readable file") from None
    except DocumentError as error:
        problem = Problem(SETTINGS_FILE, error.line, error.column, error.what, error.todo)
        raise SettingsError([problem]) from None
    for key in ("context", "qabot"):
        node = _members(node).get(key, (None, None))[1]
    return node


def _settings(block: Node, overrides: Mapping[str, object]) -> Settings:
    """The settings of the block, checked."""
    given = _members(block)
    places = {name: (key.line, key.column) for name, (key, _) in given.items()}
    values = {name: _plain(value) for name, (_, value) in given.items()}
    for name, value in overrides.items():
        number = name.endswith("_id") and re.fullmatch("[0-9]{1,15}", str(value))
        values[name] = int(str(value)) if number else value
    problems = [
        Problem(SETTINGS_FILE, *places.get(name, (0, 0)), what, todo)
        for name, what, todo in _problems(values)
    ]
    if problems:
        raise SettingsError(problems)
    if "max_cost_usd" in values:
        values["max_cost_usd"] = float(values["max_cost_usd"])
    return Settings(**values)


def _error(what: str, todo: str) -> SettingsError:
    return SettingsError([Problem(SETTINGS_FILE, 0, 0, what, todo)])


def _members(node: Node | None) -> dict[str, tuple[Scalar, Node]]:
    """The members of an object by name, without explanations.

    Raises:
        SettingsError: with every name that is there twice.
    """
    members: dict[str, tuple[Scalar, Node]] = {}
    duplicates = []
    for key, value in node.fields if isinstance(node, Fields) else ():
        if key.text.startswith("//"):
            continue
        if key.text in members:
            what = f"duplicate key {_shown(key.text)}"
            duplicates.append(Problem(SETTINGS_FILE, key.line, key.column, what, "keep one"))
        members[key.text] = (key, value)
    if duplicates:
        raise SettingsError(duplicates)
    return members


def _plain(node: Node) -> Any:
    """A node as plain data."""
    if isinstance(node, Fields):
        return {key.text: _plain(value) for key, value in node.fields}
    if isinstance(node, Items):
        return [_plain(item) for item in node.items]
    if node.kind == "text":
        return node.text
    try:
        return json.loads(node.text)
    except ValueError:  # Python does not read integers of more than 4,300 digits
        return float("inf")


def _shown(value: object) -> str:
    """A value as JSON, on one line, short, with nothing that controls a terminal."""
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _problems(given: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each problem as the setting's name, what is wrong, what to do."""
    for name in given:
        if name not in _DEFAULTS:
            yield name, f"unknown setting {_shown(name)}", _suggestion(name)
    value = {**_DEFAULTS, **given}
    wrong = {name for name, rule in RULES.items() if not rule.allows(value[name])}
    for name in wrong:
        yield name, f"invalid {name} {_shown(value[name])}", f"expected {RULES[name].expected}"
    if not wrong & {"cpu", "memory"} and value["memory"] not in fargate.SIZES[value["cpu"]]:
        sizes = fargate.describe_sizes(fargate.SIZES[value["cpu"]])
        what = f"Fargate does not offer {value['memory']} MiB with {value['cpu']} CPU units"
        yield "memory", what, f"expected {sizes}, or another cpu"
    if not wrong & {"model", "revision"} and value["model"] != BUNDLED and not value["revision"]:
        what = "revision is missing; a model of the hub needs one"
        yield "revision", what, "use a commit from the model's page, Files and versions, History"
    access = ("github_repository", "github_owner_id", "github_repository_id")
    missing = [name for name in access if value[name] is None]
    if 0 < len(missing) < len(access):
        what = f"{' and '.join(missing)} missing; the other github_ settings are set"
        yield missing[0], what, "set all three (cdk.json says where to find them), or none"


def _suggestion(name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name, _DEFAULTS, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"remove it; the settings are {', '.join(_DEFAULTS)}"
