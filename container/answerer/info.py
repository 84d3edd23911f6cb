"""`model.json`: a description of a model directory, readable without loading the model.

A *model directory* holds `model.onnx`, `tokenizer.json` and `model.json`. This module is the only
place that knows the fields of the last.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from answerer.errors import ModelError
from answerer.scores import Calibration, read_calibration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
INFO_FILE = "model.json"

# Incremented whenever the same model could give another answer to the same context and question, so that
# every answer made before counts as stale.
SPAN_SEARCH = 5

# Incremented whenever the export of the same checkpoint could give another model directory, so that an
# cached export is not used again.
EXPORTER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """One model directory's `model.json`.

    Args:
        name: the checkpoint's name, on a hub `OWNER/NAME`.
        revision: the hub's commit, shortened or not; `None` for a checkpoint that is not on a hub.
        quantisation: `none`, or how the weights were quantised, such as `int8`.
        digest: SHA-256, hexadecimal, over model.onnx and then tokenizer.json.
        size: bytes of model.onnx; a cheap check against truncated and pointer files.
        max_length: tokens of one window, special tokens and question included.
        licence: SPDX expression of the weights' licence, or `unknown`.
        null: whether the model can say that the text does not answer: by pointing to the first token.
        calibration: turns its scores into probabilities; `None` where none was fitted.
        exact_match: EM in per cent on `measured_on`, `None` where not measured.
        f1: F1 in per cent on `measured_on`, `None` where not measured.
        measured_on: the data set that EM and F1 were measured on.
    """

    name: str
    revision: str | None
    quantisation: str
    digest: str
    size: int
    max_length: int
    licence: str
    null: bool = False
    calibration: Calibration | None = None
    exact_match: float | None = None
    f1: float | None = None
    measured_on: str | None = None

    @property
    def identity(self) -> str:
        """Name, content, span search and calibration: answers of another identity are stale."""
        if self.revision is None:
            base = f"{self.name}@{self.digest[:12]}/s{SPAN_SEARCH}"
        else:
            base = hub_identity(self.name, self.revision, self.quantisation)
        if self.calibration is None:
            return base
        # Another calibration gives the same answer another score.
        fit = json.dumps(asdict(self.calibration), sort_keys=True)
        return f"{base}-{hashlib.sha256(fit.encode()).hexdigest()[:6]}"

    def to_json(self) -> str:
        """The text of `model.json`."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


def hub_identity(name: str, revision: str, quantisation: str) -> str:
    """The identity of a hub's checkpoint, known without downloading it.

    Args:
        name: `OWNER/NAME` on the hub.
        revision: the commit, as the settings name it.
        quantisation: as in `ModelInfo`.
    """
    return f"{name}@{revision}+{quantisation}/s{SPAN_SEARCH}"


def is_calibrated(identity: str) -> bool:
    """Whether a fit makes probabilities of the scores of a model.

    Args:
        identity: the model's; one that `ModelInfo.identity` did not make counts as calibrated.
    """
    return re.search(r"/s\d+$", identity) is None


def digest(directory: Path) -> str:
    """SHA-256 over the bytes of model.onnx followed by those of tokenizer.json."""
    sha = hashlib.sha256()
    for name in (MODEL_FILE, TOKENIZER_FILE):
        with (directory / name).open("rb") as file:
            while block := file.read(1 << 20):
                sha.update(block)
    return sha.hexdigest()


def read_info(directory: Path, *, with_fit: bool = True) -> ModelInfo:
    """Read a model directory's `model.json` and check that its files are whole.

    Args:
        directory: the model directory.
        with_fit: read its calibration, too; without, a broken one does not matter.

    Raises:
        ModelError: a file is missing, `model.json` is not what this version writes, or model.onnx
            does not have the size that it had when it was written.
    """
    path = directory / INFO_FILE
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        _check(raw)
        raw["calibration"] = read_calibration(raw.get("calibration")) if with_fit else None
        info = ModelInfo(**raw)
        if info.calibration is not None and info.null != (info.calibration.none is not None):
            raise ValueError(
                "its calibration was fitted for a model with a null and the model has none, or vice "
                "versa; fit it again with: qabot model calibrate"
            )
    except FileNotFoundError:
        raise ModelError(
            f"{directory} is not a model directory: it has no {INFO_FILE}; "
            "make one with: qabot model export NAME@REVISION --out DIR"
        ) from None
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read ({error}); export the model again") from error
    for name in (MODEL_FILE, TOKENIZER_FILE):
        if not (directory / name).is_file():
            raise ModelError(f"{directory / name} is missing; export the model again")
    size = (directory / MODEL_FILE).stat().st_size
    if size != info.size:
        raise ModelError(
            f"{directory / MODEL_FILE} has {size:,} bytes where {INFO_FILE} says {info.size:,}: "
            "a broken download, or a pointer instead of the file; fetch or export it again"
        )
    return info


# Fields of `model.json`, the check of each, and what it expects. In Python, a bool is an int.
_FIELDS: tuple[tuple[Sequence[str], Callable[[Any], bool], str], ...] = (
    (
        ("name", "quantisation", "digest", "licence"),
        lambda value: isinstance(value, str) and value != "",
        "text",
    ),
    (("revision", "measured_on"), lambda value: isinstance(value, str | None), "text or null"),
    (("size", "max_length"), lambda value: type(value) is int and value > 0, "a positive integer"),
    (
        ("exact_match", "f1"),
        lambda value: value is None or type(value) in (int, float),
        "a number or null",
    ),
)


def _check(raw: Any) -> None:
    """Raise ValueError if the content of `model.json` does not have the types of `ModelInfo`."""
    if not isinstance(raw, dict):
        raise ValueError("it must be one JSON object")
    for names, is_valid, expected in _FIELDS:
        for name in names:
            if not is_valid(raw.get(name)):
                raise ValueError(f"{name} must be {expected}")
    if not isinstance(raw.get("null", False), bool):
        raise ValueError("null must be true or false")
    for name, value in raw.items():
        if isinstance(value, str) and re.search("[\ud800-\udfff]", value):
            raise ValueError(f"{name} contains half a surrogate pair")
