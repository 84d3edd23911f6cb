"""A checkpoint, from a hub or a folder: the float model, its tokenizer and its licence."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from answerer.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenizers import Tokenizer

CARD_FILE = "README.md"

# NAME@REVISION as hubs spell them: letters, digits, "-", "_", "." and one "/".
_HUB_NAME = re.compile(r"(?P<name>[\w.-]+(?:/[\w.-]+)?)@(?P<revision>[\w./-]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint, loaded.

    Args:
        name: `OWNER/NAME` on a hub, or the folder's name.
        revision: the hub's commit, `None` for a folder.
        model: the torch module, in float32 and evaluation mode.
        tokenizer: its fast tokenizer.
        positions: the most tokens that it can read in one window.
        licence: SPDX expression from its model card, or `unknown`.
        card: text of its model card, `None` where it has none.
    """

    name: str
    revision: str | None
    model: Any
    tokenizer: Tokenizer
    positions: int
    licence: str
    card: str | None


def missing_packages() -> list[str]:
    """The packages that an export needs and that are not installed."""
    needed = ("torch", "transformers", "onnx", "onnxscript")
    return [name for name in needed if importlib.util.find_spec(name) is None]


def require_torch() -> None:
    """Check that torch and transformers are installed.

    Raises:
        ExportError: one of them is not installed.
    """
    if missing := missing_packages():
        raise ExportError(
            f"this command needs {' and '.join(missing)}, which answering does without; "
            "install them with: scripts/environment export"
        )


def load(checkpoint: str, *, trained: bool = True, **settings: float) -> Checkpoint:
    """Load an extractive question-answering checkpoint, or an encoder that is to become one.

    Args:
        checkpoint: `NAME@REVISION` on the Hugging Face hub, or a folder.
        trained: whether it must have learnt to find answers; an encoder gets a random span head.
        settings: values that replace those of its configuration, such as a dropout; unknown ones
            are left out.

    Raises:
        ExportError: it does not exist or does not answer questions; or torch is missing.
    """
    source, name, revision = _locate(checkpoint)
    require_torch()
    import torch
    import transformers

    with quiet():
        try:
            config = transformers.AutoConfig.from_pretrained(source, revision=revision)
            if trained:
                _check_trained(config, checkpoint)
            for setting, number in settings.items():
                if hasattr(config, setting):
                    setattr(config, setting, number)
            model = transformers.AutoModelForQuestionAnswering.from_pretrained(
                source, revision=revision, config=config, dtype=torch.float32
            ).eval()
            tokenizer = transformers.AutoTokenizer.from_pretrained(source, revision=revision)
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise ExportError(_explain(error, checkpoint)) from error
    fast = getattr(tokenizer, "backend_tokenizer", None)
    if fast is None:
        raise ExportError(
            f"{checkpoint} has only a slow tokenizer; convert it to a tokenizer.json first"
        )
    positions = min(_positions(model), int(min(tokenizer.model_max_length, 1 << 30)))
    card = _card(source, revision)
    return Checkpoint(name, revision, model, fast, positions, licence_of(card), card)


def _explain(error: Exception, checkpoint: str) -> str:
    """The error for a checkpoint that could not be loaded: why, and what to do.

    Args:
        error: of transformers; its cause is the error of the hub's client.
        checkpoint: as named by the caller.
    """
    from huggingface_hub import errors

    name, _, revision = checkpoint.partition("@")
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, errors.RevisionNotFoundError):
            return (
                f"the Hugging Face hub has no revision '{revision}' of {name}; use a commit of "
                f"https://huggingface.co/{name}/commits/main"
            )
        if isinstance(cause, errors.RepositoryNotFoundError):
            return (
                f"the Hugging Face hub has no public model '{name}'; check its name at "
                "https://huggingface.co/models, and set HF_TOKEN for a private or gated one"
            )
        if isinstance(cause, errors.LocalEntryNotFoundError | errors.OfflineModeIsEnabled):
            return (
                f"the Hugging Face hub cannot be reached, and {checkpoint} is not among this "
                "machine's downloads; check the network (and HF_ENDPOINT, HF_HUB_OFFLINE), then "
                "run this again"
            )
        cause = cause.__cause__ or cause.__context__
    reason = " ".join(str(error).split())
    return f"{checkpoint} cannot be loaded as a question-answering checkpoint: {reason}"


def _locate(checkpoint: str) -> tuple[str, str, str | None]:
    """A checkpoint's location for transformers, its name and its revision."""
    folder = Path(checkpoint)
    if folder.is_dir():
        return str(folder), folder.resolve().name, None
    match = _HUB_NAME.fullmatch(checkpoint)
    if match is None:
        raise ExportError(
            f"{checkpoint!r} is neither a folder nor NAME@REVISION on the Hugging Face hub; a "
            "revision is a commit, such as "
            "distilbert/distilbert-base-cased-distilled-squad@564e9b5"
        )
    return match["name"], match["name"], match["revision"]


def _check_trained(config: Any, checkpoint: str) -> None:
    """Reject a checkpoint without a trained span head: it would load with a random one."""
    architectures = getattr(config, "architectures", None) or []
    if not any(name.endswith("ForQuestionAnswering") for name in architectures):
        has = ", ".join(architectures) or "none"
        raise ExportError(
            f"{checkpoint} was not trained to answer questions (its architecture: {has}); "
            "name one whose architecture ends in ForQuestionAnswering, or train it first, as "
            "tools/training/README.md shows"
        )


def _positions(model: Any) -> int:
    """The most tokens a model can read.

    RoBERTa and its relatives number positions from after the padding's index
    (https://github.com/huggingface/transformers/issues/1363), so they have fewer than rows.
    """
    longest = int(getattr(model.config, "max_position_embeddings", 512) or 512)
    for name, module in model.named_modules():
        if (
            name.endswith("position_embeddings")
            and getattr(module, "padding_idx", None) is not None
        ):
            longest = min(longest, module.num_embeddings - module.padding_idx - 1)
    return longest


def _card(source: str, revision: str | None) -> str | None:
    if revision is None:
        path = Path(source) / CARD_FILE
    else:
        import huggingface_hub

        try:
            path = Path(huggingface_hub.hf_hub_download(source, CARD_FILE, revision=revision))
        except (OSError, ValueError):
            return None
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def licence_of(card: str | None) -> str:
    """The licence that a model card's front matter names, or `unknown`."""
    match = re.match(r"---\s*\n(.*?)\n---\s*\n", card or "", re.DOTALL)
    if match is None:
        return "unknown"
    try:
        front = yaml.safe_load(match[1])
    except yaml.YAMLError:
        return "unknown"
    licence = front.get("license") if isinstance(front, dict) else None
    return licence if isinstance(licence, str) and licence else "unknown"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Turn off the libraries' progress bars and messages."""
    from huggingface_hub.utils import logging as untyped_of_hub
    from transformers.utils import logging as untyped

    hub: Any = untyped_of_hub
    logging: Any = untyped
    hub_verbosity = hub.get_verbosity()
    hub.set_verbosity_error()
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        hub.set_verbosity(hub_verbosity)
        logging.set_verbosity(verbosity)
        logging.enable_progress_bar()
