"""The model that answers on this machine: a directory, the bundled one, or one of the hub.

A model of the hub is exported once, into a folder of the cache that is named after everything that the
result depends on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from answerer.errors import ExportError, ModelError
from answerer.info import EXPORTER, INFO_FILE, read_info
from qabot.cache import in_cache
from qabot.deployment.settings import read_settings_or_defaults
from qabot.models.bundled import BUNDLED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model that answers on this machine.

    Args:
        identity: as answers and keys record it; known before a model of the hub is exported.
        label: names it in a sentence.
        directory: the model directory; of a model of the hub, where its export is or will be.
        checkpoint: `OWNER/NAME@REVISION` on the hub; None where the directory needs no export.
        quantise: export it as int8.
    """

    identity: str
    label: str
    directory: Path
    checkpoint: str | None = None
    quantise: bool = True

    @property
    def is_ready(self) -> bool:
        """Whether it can answer without being exported first."""
        return self.checkpoint is None or (self.directory / INFO_FILE).is_file()

    @property
    def cache_key(self) -> str:
        """Names the export, for GitHub's cache; empty where nothing is exported."""
        return "" if self.checkpoint is None else f"qabot-model-{self.directory.name}"

    def prepare(self, note: Callable[[str], object]) -> Path:
        """Export the model unless that was done before.

        Args:
            note: gets what is being done.

        Returns:
            The model directory.

        Raises:
            ExportError: the checkpoint cannot be exported, or torch is missing.
            ModelError: what the cache holds is damaged, or another model.
        """
        if self.checkpoint is None:
            return self.directory
        if not self.is_ready:
            _export(self.checkpoint, self.directory, self.quantise, note)
        found = read_info(self.directory).identity
        if found != self.identity:
            raise ModelError(
                f"{self.directory} holds {found}, and cdk.json names {self.identity}; "
                "delete that folder, and the model is exported again"
            )
        return self.directory


def bundled_model() -> LocalModel:
    """The model that comes with the program.

    Raises:
        ModelError: it cannot be read.
    """
    return LocalModel(read_info(BUNDLED).identity, "the bundled model", BUNDLED)


def directory_model(directory: Path) -> LocalModel:
    """The model of a model directory.

    Raises:
        ModelError: it cannot be read.
    """
    info = read_info(directory)
    return LocalModel(info.identity, info.name, directory)


def configured_model(root: Path | None, directory: Path | None = None) -> LocalModel:
    """The model to answer with on this machine.

    Args:
        root: the repository, whose `cdk.json` names the model; None outside of one.
        directory: a model directory instead.

    Raises:
        SettingsError: `cdk.json` has mistakes.
        ModelError: the model directory cannot be read.
    """
    if directory is not None:
        return directory_model(directory)
    settings = read_settings_or_defaults(root)
    checkpoint = settings.checkpoint
    if checkpoint is None:
        return bundled_model()
    name = checkpoint.replace("/", "--").replace("@", "-")
    folder = in_cache("models", f"{name}-{settings.quantisation}-v{EXPORTER}")
    quantise = settings.quantisation == "int8"
    return LocalModel(settings.model_identity, checkpoint, folder, checkpoint, quantise)


def _export(
    checkpoint: str, directory: Path, quantise: bool, note: Callable[[str], object]
) -> None:
    from answerer.exporting.checkpoint import missing_packages

    if missing_packages():
        raise ExportError(
            f"cdk.json names {checkpoint}, which must be exported once, and that needs torch; "
            "run: scripts/run model prepare"
        )
    from answerer.exporting.export import export

    note(f"exporting {checkpoint} into {directory}, once; this can take some minutes")
    export(checkpoint, directory, quantise=quantise)
