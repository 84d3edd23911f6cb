"""The folder `answers/` where a file system gives one file two names."""

from __future__ import annotations

import os

from qabot.answers import folder
from tests.conftest import Repository


def test_a_file_that_stays_by_another_name_is_not_removed(repository: Repository) -> None:
    # Two links to one file behave as two spellings do where case is ignored.
    for end in ("yaml", "md"):
        repository.write(f"answers/team.{end}", "# Written by qabot from x\n")
        os.link(repository.root / f"answers/team.{end}", repository.root / f"answers/Team.{end}")
    folder.prune(repository.root, ["answers/Team.yaml"], ["answers/team.yaml"])
    assert (repository.root / "answers/team.yaml").is_file()
    assert (repository.root / "answers/team.md").is_file()


def test_another_file_whose_name_differs_in_case_is_removed(repository: Repository) -> None:
    for name in ("team", "Team"):
        repository.write(f"answers/{name}.yaml", f"# Written by qabot from {name}\n")
    folder.prune(repository.root, ["answers/Team.yaml"], ["answers/team.yaml"])
    assert [path.name for path in (repository.root / "answers").iterdir()] == ["team.yaml"]
