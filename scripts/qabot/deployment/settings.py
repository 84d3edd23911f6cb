"""`cdk.json`: every setting of the deployment, read and checked without the CDK and without AWS.

The settings stand under `context.qabot`, each beside a `//NAME` that explains it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from answerer.info import hub_identity, read_info
from qabot.deployment import fargate_limits as fargate
from qabot.deployment.settings_rules import RULES
from qabot.errors import Problem, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SETTINGS_FILE: Final = "cdk.json"
# The file has 5,000; each mistake's place is looked for in all of it.
_MOST_CHARACTERS: Final = 100_000
BUNDLED: Final = "bundled"
BUNDLED_MODEL: Final = "container/model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one deployment; `cdk.json` says in words what each is.

    Args:
        stack_name: of the CloudFormation stack.
        cpu: CPU units of a task, 1024 a vCPU.
        memory: MiB of a task, a size that goes with `cpu`.
        architecture: of the processor and the image.
        spot: run on FARGATE_SPOT first.
        model: a hub's `OWNER/NAME`, or `bundled`.
        revision: the hub's commit, 7 to 40 hexadecimal digits.
        quantisation: `int8` or `none`.
        image: a registry reference to run instead of building `container/`.
        log_retention_days: one of the periods that CloudWatch Logs offers.
        item_ttl_days: how long the table keeps an item.
        max_tasks: tasks in flight at once.
        questions_per_task: the most that one task answers, one after the other.
        task_deadline_seconds: when a task gives a question up.
        max_questions: the most one run may ask.
        max_cost_usd: the most one run may be estimated to cost, US dollars.
        github_repository: `OWNER/NAME`, for the access stack.
        github_owner_id: the owner's number on GitHub.
        github_repository_id: the repository's number on GitHub.
        github_branch: whose workflows may assume the role.
        github_environment: whose jobs may, instead of the branch's.
        github_oidc_provider: `create`, or `existing` where the account has it already.
    """

    stack_name: str = "qabot"
    cpu: int = 1024
    memory: int = 4096
    architecture: fargate.Architecture = "x86_64"
    spot: bool = False
    model: str = "distilbert/distilbert-base-cased-distilled-squad"
    revision: str | None = "564e9b5"
    quantisation: str = "int8"
    image: str | None = None
    log_retention_days: int = 14
    item_ttl_days: int = 30
    max_tasks: int = 100
    questions_per_task: int = 1
    task_deadline_seconds: int = 300
    max_questions: int = 1000
    max_cost_usd: float = 5.0
    github_repository: str | None = None
    github_owner_id: int | None = None
    github_repository_id: int | None = None
    github_branch: str = "main"
    github_environment: str | None = None
    github_oidc_provider: str = "create"

    def model_identity(self, root: Path) -> str:
        """The identity of the deployed model, as answers and keys carry it.

        Args:
            root: the repository, where the bundled model lies.

        Raises:
            ModelError: the model is the bundled one and can't be read.
        """
        if self.model == BUNDLED or self.revision is None:
            return read_info(root / BUNDLED_MODEL).identity
        return hub_identity(self.model, self.revision, self.quantisation)


_DEFAULTS: Final = asdict(Settings())


def read_settings(root: Path, overrides: Mapping[str, object] | None = None) -> Settings:
    """Read and check the settings in `root/cdk.json`; what it leaves out keeps its default.

    Args:
        root: the repository.
        overrides: settings that win over the file's, such as those of `cdk -c NAME=VALUE`, where
            numbers may come as text.

    Raises:
        SettingsError: with every problem there is.
    """
    text = _read(root)
    given = dict(_settings_block(text))
    for name, value in (overrides or {}).items():
        text_of_number = name.endswith("_id") and re.fullmatch("[0-9]{1,15}", str(value))
        given[name] = int(str(value)) if text_of_number else value
    problems = [
        Problem(SETTINGS_FILE, *_place(text, name), what, todo)
        for name, what, todo in _problems(given)
    ]
    if problems:
        raise SettingsError(problems)
    values = {name: value for name, value in given.items() if name in _DEFAULTS}
    if "max_cost_usd" in values:
        values["max_cost_usd"] = float(values["max_cost_usd"])
    return Settings(**values)


def _read(root: Path) -> str:
    path = root / SETTINGS_FILE
    try:
        text = path.read_text(encoding="utf-8")
        if len(text) <= _MOST_CHARACTERS:
            return text
        what = f"it has {len(text):,} characters, of {_MOST_CHARACTERS:,} at most"
        todo = "restore the file: git checkout -- cdk.json"
    except FileNotFoundError:
        what, todo = "the file is missing", "restore it: git checkout -- cdk.json"
    except UnicodeDecodeError as error:
        what, todo = f"byte {error.start} is not UTF-8", "save the file as UTF-8"
    except OSError as error:
        what, todo = f"it can't be read ({error.strerror})", "make it a readable file"
    raise SettingsError([Problem(SETTINGS_FILE, 0, 0, what, todo)])


def _settings_block(text: str) -> dict[str, Any]:
    """What stands under `context.qabot`, without the explanations."""
    repeated: list[str] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        repeated.extend(sorted(name for name, times in Counter(names).items() if times > 1))
        return dict(pairs)

    try:
        document = json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        todo = "correct the JSON there (no comments, no comma after the last entry)"
        problem = Problem(SETTINGS_FILE, error.lineno, error.colno, error.msg, todo)
        raise SettingsError([problem]) from None
    except (RecursionError, ValueError):
        what, todo = "a number or the nesting in it is beyond all measure", "restore the file"
        raise SettingsError([Problem(SETTINGS_FILE, 0, 0, what, todo)]) from None
    if repeated:
        raise SettingsError(
            [
                Problem(
                    SETTINGS_FILE, *_place(text, name), f"{_shown(name)} stands twice", "keep one"
                )
                for name in repeated
            ]
        )
    context = document.get("context") if isinstance(document, dict) else None
    block = context.get("qabot") if isinstance(context, dict) else None
    if not isinstance(block, dict):
        what = 'it has no object "context": {"qabot": {…}}'
        todo = "put the settings there, or restore the file: git checkout -- cdk.json"
        raise SettingsError([Problem(SETTINGS_FILE, 0, 0, what, todo)])
    return {name: value for name, value in block.items() if not name.startswith("//")}


def _place(text: str, name: str) -> tuple[int, int]:
    """Line and column of a setting's name, (0, 0) where the file does not hold it."""
    block = text.find('"qabot"')
    match = re.compile(rf"{re.escape(json.dumps(name, ensure_ascii=False))}\s*:").search(
        text, max(block, 0)
    )
    if match is None:
        return 0, 0
    before = text[: match.start()]
    return before.count("\n") + 1, match.start() - (before.rfind("\n") + 1) + 1


def _shown(value: object) -> str:
    """A value as JSON, on one line, short, with nothing in it that a terminal would obey."""
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _problems(given: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each problem as the setting's name, what is wrong, what to do."""
    for name in given:
        if name not in _DEFAULTS:
            yield name, f"{_shown(name)} is no setting", _suggestion(name)
    value = {**_DEFAULTS, **given}
    wrong = set()
    for field in fields(Settings):
        name = field.name
        rule = RULES[name]
        if not rule.allows(value[name]):
            wrong.add(name)
            yield name, f"{name} can't be {_shown(value[name])}", f"give {rule.wanted}"
    if not wrong & {"cpu", "memory"} and value["memory"] not in fargate.SIZES[value["cpu"]]:
        valid = fargate.describe_sizes(fargate.SIZES[value["cpu"]])
        what = f"Fargate has no {value['memory']} MiB with {value['cpu']} CPU units"
        yield "memory", what, f"give one of {valid} MiB, or another cpu"
    if not wrong & {"model", "revision"} and value["model"] != BUNDLED and not value["revision"]:
        what = "revision is missing for a model of the hub"
        yield "revision", what, "give the commit shown on the model's page under Files, History"
    access = {name: value[f"github_{name}"] for name in ("repository", "owner_id", "repository_id")}
    missing = [f"github_{name}" for name, one in access.items() if one is None]
    if 0 < len(missing) < len(access):
        what = f"{' and '.join(missing)} missing beside the other github_ settings"
        yield missing[0], what, "give all three (cdk.json says where to find them), or none"


def _suggestion(name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name, _DEFAULTS, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"remove it; the settings are {', '.join(_DEFAULTS)}"
