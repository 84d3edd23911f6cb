"""cdk.json: which settings are valid, and the messages for those that are not."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from answerer.info import SPAN_SEARCH, read_info
from qabot.deployment import fargate_limits as fargate
from qabot.deployment.settings import (
    RULES,
    Settings,
    read_settings,
    read_settings_or_defaults,
)
from qabot.errors import SettingsError
from qabot.models.bundled import BUNDLED

ROOT = Path(__file__).parents[3]


def write(root: Path, **block: Any) -> Path:
    (root / "cdk.json").write_text(json.dumps({"context": {"qabot": block}}, indent=2))
    return root


def problems(root: Path, **block: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        read_settings(write(root, **block))
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_the_repository_s_own_file_holds_the_defaults() -> None:
    assert read_settings(ROOT) == Settings()


def test_the_repository_s_own_file_explains_every_setting_as_the_table_does() -> None:
    block = json.loads((ROOT / "cdk.json").read_text())["context"]["qabot"]
    table = fields(Settings)
    explanations = [(f"//{setting.name}", setting.metadata["explanation"]) for setting in table]
    assert [(name, block[name]) for name in block if name.startswith("//")] == explanations
    assert [name for name in block if not name.startswith("//")] == [
        setting.name for setting in table
    ]


def test_every_default_is_valid() -> None:
    assert [
        name for name, rule in RULES.items() if not rule.allows(getattr(Settings(), name))
    ] == []


def test_a_missing_setting_has_its_default(tmp_path: Path) -> None:
    assert read_settings(write(tmp_path, memory=2048)) == Settings(memory=2048)


def test_all_problems_are_reported_with_their_places(tmp_path: Path) -> None:
    reported = problems(
        tmp_path, cpu=1000, spot="yes", memroy=5, log_retention_days=8, max_cost_usd=-1
    ).splitlines()
    assert len(reported) == 5
    assert any(
        line.startswith("cdk.json:4:7: invalid cpu 1000; expected one of 256, 512, 1024")
        for line in reported
    )
    assert any('invalid spot "yes"; expected one of true, false' in line for line in reported)
    assert any('unknown setting "memroy"; did you mean memory?' in line for line in reported)
    assert any("invalid log_retention_days 8" in line for line in reported)


@pytest.mark.parametrize("cpu", fargate.SIZES)
def test_every_pair_of_the_table_is_accepted_and_no_other(tmp_path: Path, cpu: int) -> None:
    for memory in fargate.SIZES[cpu]:
        assert read_settings(write(tmp_path, cpu=cpu, memory=memory)).memory == memory
    too_much = fargate.SIZES[cpu][-1] + 1024
    if too_much <= 122_880:
        reported = problems(tmp_path, cpu=cpu, memory=too_much)
        assert (
            f"not offer {too_much} MiB with {cpu} CPU units; expected {fargate.SIZES[cpu][0]}"
            in reported
        )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cpu", True),
        ("cpu", "1024"),
        ("cpu", 1024.0),
        ("memory", None),
        ("stack_name", "7up"),
        ("stack_name", "a" * 41),
        ("stack_name", "qabot\n"),
        ("architecture", "ARM64"),
        ("spot", 1),
        ("model", "../../etc"),
        ("model", "a b/c"),
        ("revision", "main"),
        ("quantisation", "int4"),
        ("image", "https://ghcr.io/o/n"),
        ("image", "-rm"),
        ("image", ""),
        ("max_tasks", 0),
        ("max_cost_usd", float(10**6)),
        ("max_cost_usd", True),
        ("task_deadline_seconds", 5),
        ("github_branch", "*"),
        ("github_branch", "ma?n"),
        ("github_environment", "*"),
    ],
)
def test_an_invalid_value_is_refused(tmp_path: Path, name: str, value: object) -> None:
    assert f"invalid {name} " in problems(tmp_path, **{name: value})


@pytest.mark.parametrize(
    "image",
    [
        "answerer",
        "ghcr.io/owner/qabot:v1.2",
        "localhost:5000/qabot",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a/b_c@sha256:" + "0" * 64,
        "public.ecr.aws/x/y:1@sha256:" + "a" * 64,
    ],
)
def test_image_references_of_every_form_are_accepted(tmp_path: Path, image: str) -> None:
    assert read_settings(write(tmp_path, image=image)).image == image


def test_every_duplicate_is_reported(tmp_path: Path) -> None:
    twice = json.dumps({"context": {"qabot": {f"n{number}": 0 for number in range(30)}}})
    (tmp_path / "cdk.json").write_text(twice.replace("n1", "n2"))
    with pytest.raises(SettingsError) as caught:
        read_settings(tmp_path)
    assert [problem.what for problem in caught.value.problems] == [
        f'duplicate key "n{number}"' for number in (2, *range(20, 30))
    ]


def test_a_hub_model_needs_a_revision_and_the_bundled_one_none(tmp_path: Path) -> None:
    assert "revision is missing" in problems(tmp_path, model="o/n", revision=None)
    assert read_settings(write(tmp_path, model="bundled", revision=None)).model == "bundled"


def test_the_github_settings_come_together(tmp_path: Path) -> None:
    reported = problems(tmp_path, github_repository="o/n", github_owner_id=1)
    assert "github_repository_id missing; the other github_ settings are set" in reported


def test_overrides_win_and_may_bring_numbers_as_text(tmp_path: Path) -> None:
    ids = {"github_owner_id": "12", "github_repository_id": "34"}
    got = read_settings(write(tmp_path), {"github_repository": "o/n", **ids})
    assert (got.github_owner_id, got.github_repository_id) == (12, 34)
    with pytest.raises(SettingsError, match=r"cdk\.json: invalid github_owner_id"):
        read_settings(write(tmp_path), {"github_owner_id": "twelve"})


@pytest.mark.parametrize(
    ("content", "reported"),
    [
        (b'{\n "context": {,}}', "cdk.json:2:14: "),
        (b"\xff{}", "not UTF-8"),
        (b'{"context": {"qabot": {"max_cost_usd": NaN}}}', "cdk.json:1:40: not JSON"),
        (b"[]", 'no object "context"'),
        (b'{"context": {"qabot": 3}}', 'no object "context"'),
        (
            b'{"context": {"qabot": {"cpu": 256,\n"cpu": 512}}}',
            'cdk.json:2:1: duplicate key "cpu"; keep one',
        ),
        (b'{"context": 1, "context": {"qabot": {}}}', 'duplicate key "context"'),
        (b"[" * 100_001, "cdk.json:1:13: nested more than 12 deep"),
        (b'{"context": {"qabot": {"cpu": ' + b"1" * 5000 + b"}}}", "invalid cpu Infinity"),
    ],
)
def test_a_file_without_settings_is_explained(
    tmp_path: Path, content: bytes, reported: str
) -> None:
    (tmp_path / "cdk.json").write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        read_settings(tmp_path)
    assert reported in str(caught.value)


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"git checkout -- cdk\.json"):
        read_settings(tmp_path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*Settings.__dataclass_fields__, "x"]), json_values))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_values_are_read_or_refused(tmp_path: Path, block: Any) -> None:
    try:
        got = read_settings(write(tmp_path, **block))
    except SettingsError as error:
        lines, count = str(error).split("\n"), len(error.problems)
    else:
        lines, count = [""], 1
        assert got.memory in fargate.SIZES[got.cpu]
    assert len(lines) == count
    assert all(line.isprintable() for line in lines), "hostile text reached the message"


def test_the_identity_is_the_hub_s_or_the_bundled_model_s() -> None:
    hub = Settings(model="team/small", revision="0123456", quantisation="none")
    assert hub.model_identity == f"team/small@0123456+none/s{SPAN_SEARCH}"
    assert hub.checkpoint == "team/small@0123456"
    assert Settings().model == "bundled"
    assert Settings().checkpoint is None
    assert Settings().model_identity == read_info(BUNDLED).identity


def test_a_repository_without_settings_has_the_defaults(tmp_path: Path) -> None:
    assert read_settings_or_defaults(None) == Settings()
    assert read_settings_or_defaults(tmp_path) == Settings()
    cdk_json = tmp_path / "cdk.json"
    cdk_json.write_text('{"app": "python another.py", "context": {"other": 1}}')
    assert read_settings_or_defaults(tmp_path) == Settings(), "another program's"
    with pytest.raises(SettingsError, match="has no object"):
        read_settings(tmp_path)
    write(tmp_path, model="team/small", revision="0123456")
    assert read_settings_or_defaults(tmp_path).model == "team/small"
    write(tmp_path, model="small")
    with pytest.raises(SettingsError, match='invalid model "small"'):
        read_settings_or_defaults(tmp_path)


def test_reading_settings_imports_no_cdk_and_no_boto3() -> None:
    program = (
        "import sys, pathlib, qabot.deployment.settings, qabot.deployment.fargate_limits;"
        f"qabot.deployment.settings.read_settings(pathlib.Path({str(ROOT)!r}));"
        "print(*sorted(m for m in sys.modules if m.split('.')[0] in"
        " {'aws_cdk', 'boto3', 'botocore', 'numpy', 'onnxruntime', 'yaml'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("", "")
