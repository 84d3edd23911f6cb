"""Reads documents, those in packed formats in a separate process.

A small PDF or Word file can take minutes or all memory to read, and a damaged one can crash its reader.
So a second process reads them, in limited time and memory, and the other documents are read even if it
fails.

    python -m qabot.documents.reader    reads requests from standard input, one JSON per line
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict
from typing import Any, Self

from qabot.documents.extract import PACKED, extract
from qabot.documents.extracted import Extracted
from qabot.questions.folder import UnreadableFile

# For one file: a thousand pages take two seconds.
SECONDS = 60.0
MEMORY = 2 * 2**30


class Reader:
    """Reads documents; use it in a `with` statement, which ends the process that it may start.

    Args:
        seconds: how long one packed file may take.
        memory: bytes that reading packed files may take; not limited on Windows.
    """

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._seconds = seconds
        self._memory = memory
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.communicate()

    def read(self, name: str, data: bytes) -> Extracted:
        """The text of a document.

        Args:
            name: of the file; its suffix says what it is.
            data: its content.

        Raises:
            UnreadableFile: it has no readable text.
        """
        if not name.lower().endswith(PACKED):
            return extract(data, name)
        reply = self._ask(name, data)
        if "what" in reply:
            raise UnreadableFile(reply["what"], reply["todo"])
        return Extracted(
            reply["unit"],
            reply["text"],
            reply["blocks"],
            [(offset, place) for offset, place in reply["places"]],
            [(offset, tuple(trail)) for offset, trail in reply["headings"]],
        )

    def _ask(self, name: str, data: bytes) -> dict[str, Any]:
        if self._process is None:
            self._process = _start(self._memory)
        process = self._process
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(self._seconds, end)
        timer.start()
        try:
            assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018
            header = json.dumps({"name": name, "size": len(data)}).encode()
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(header + b"\n" + data)
                process.stdin.flush()
            line = process.stdout.readline()
        finally:
            timer.cancel()
        if line.endswith(b"\n"):
            reply: dict[str, Any] = json.loads(line)
            if reply.get("last"):
                self.close()
            return reply
        self.close()
        if late.is_set():
            what = f"takes more than {self._seconds:g} s to read"
        else:
            what = "cannot be read: the process that read it crashed"
        return {"what": what, "todo": "save it again as another file, or split it"}


def _start(memory: int) -> subprocess.Popen[bytes]:
    environment = os.environ | {"QABOT_READER_MEMORY": str(memory)}
    # The package may be in a folder that is only on this process's path.
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "qabot.documents.reader"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )


def _limit_memory() -> None:
    memory = int(os.environ["QABOT_READER_MEMORY"])
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows, and systems without it
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _serve() -> None:
    _limit_memory()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    # Output of libraries must not get between the replies.
    sys.stdout = sys.stderr
    while line := source.readline():
        request = json.loads(line)
        data = source.read(request["size"])
        try:
            reply = asdict(extract(data, request["name"]))
        except UnreadableFile as error:
            reply = {"what": error.what, "todo": error.todo}
        except MemoryError:
            # What is left of the memory may be too little for the next file.
            reply = {"what": "takes too much memory to read", "todo": "split it", "last": True}
        except RecursionError:
            reply = {"what": "is nested too deep", "todo": "save it again as another file"}
        except Exception as error:  # noqa: BLE001 - a library failed on hostile data
            reply = {
                "what": f"cannot be read ({type(error).__name__})",
                "todo": "open it and save it again",
            }
        sink.write(json.dumps(reply).encode() + b"\n")
        sink.flush()


if __name__ == "__main__":
    _serve()
