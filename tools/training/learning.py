"""Train one stage: resumable, and with the same result whether it was interrupted or not."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Any

from answerer.exporting import checkpoint as checkpoints
from answerer.exporting.graph import input_names
from answerer.windows import Windows
from qabot.errors import UsageError
from qabot.models import squad
from tools.training.features import Drawing, Feature, collate, make_batches

if TYPE_CHECKING:
    from pathlib import Path

    from qabot.console.reporter import Reporter
    from tools.training.recipe import Stage

STATE_FILE = "training-state.pt"
SAVE_EVERY = 200  # steps

# Names of the two dropouts in the configurations of BERT and its relatives, and of DistilBERT.
_DROPOUT = ("hidden_dropout_prob", "dropout")
_ATTENTION_DROPOUT = ("attention_probs_dropout_prob", "attention_dropout")


def train(start: str, stage: Stage, data: Path, out: Path, report: Reporter) -> list[float]:
    """Train a stage, or finish one that was interrupted, and write the checkpoint.

    Args:
        start: the checkpoint or encoder to begin with: a folder, or `NAME@REVISION` on the hub.
        stage: the settings.
        data: the folder of the stage's files.
        out: the checkpoint's folder; it gets the average of the weights.
        report: shows the progress.

    Returns:
        the loss of each step that this call took.

    Raises:
        UsageError: a file is not a SQuAD file, or `out` has the state of another training.
        ExportError: `start` cannot be loaded, or torch is missing.
    """
    checkpoints.require_torch()
    import torch

    files = {data / name: weight for name, weight in stage.files.items()}
    questions = [(squad.read(path), weight) for path, weight in files.items()]
    torch.manual_seed(stage.seed)
    settings = dict.fromkeys(_DROPOUT, stage.dropout) | dict.fromkeys(_ATTENTION_DROPOUT, 0.0)
    source = checkpoints.load(start, trained=False, **settings)
    out.mkdir(parents=True, exist_ok=True)
    source.tokenizer.no_truncation()
    source.tokenizer.no_padding()
    source.tokenizer.save(str(out / "tokenizer.json"))
    windows = Windows(out / "tokenizer.json", min(stage.window, source.positions))
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    settled = json.dumps([start, dataclasses.asdict(stage), digests])
    run = _Run(source.model, stage, Drawing(questions, windows, stage), out / STATE_FILE, settled)
    losses = run.finish(report)
    source.model.load_state_dict(run.average)
    save(source, start, out)
    (out / STATE_FILE).unlink(missing_ok=True)
    return losses


def save(source: checkpoints.Checkpoint, start: str, out: Path) -> None:
    """Write a checkpoint with the weights that its model has now.

    Args:
        source: the checkpoint, as loaded.
        start: what it was loaded from.
        out: the folder. Its config.json is written last: it makes a folder a checkpoint.
    """
    import transformers as typed

    transformers: Any = typed  # its type annotations are incomplete
    tokenizer = transformers.AutoTokenizer.from_pretrained(
        source.name if source.revision else start, revision=source.revision
    )
    unfinished = out / "unfinished"
    with checkpoints.quiet():
        tokenizer.save_pretrained(unfinished)
        source.model.save_pretrained(unfinished)
    for file in sorted(unfinished.iterdir(), key=lambda file: file.name == "config.json"):
        file.replace(out / file.name)
    unfinished.rmdir()


class _Run:
    """The state of a stage: everything that is needed to continue it.

    Args:
        model: the torch module; its weights are changed.
        stage: the settings.
        drawing: gives the features of each epoch.
        path: where the state is saved.
        settled: settings that must be equal for a saved state to be continued.
    """

    def __init__(
        self, model: Any, stage: Stage, drawing: Drawing, path: Path, settled: str
    ) -> None:
        import torch

        self.model = model
        self.stage = stage
        self.drawing = drawing
        self.path = path
        self.settled = settled
        self.names = input_names(model)
        self.epoch = self.place = 0
        groups: dict[float, list[Any]] = {stage.decay: [], 0.0: []}
        for name, weight in model.named_parameters():
            plain = name.endswith("bias") or "LayerNorm" in name or "layer_norm" in name
            groups[0.0 if plain else stage.decay].append(weight)
        self.optimiser = torch.optim.AdamW(
            [{"params": group, "weight_decay": decay} for decay, group in groups.items()]
        )
        self.average = {name: value.clone() for name, value in model.state_dict().items()}

    def finish(self, report: Reporter) -> list[float]:
        """Take the remaining steps; return their losses."""
        self._resume(report)
        self.model.train()
        losses: list[float] = []
        try:
            while self.epoch < self.stage.epochs:
                seed = f"{self.stage.seed}/{self.epoch}"
                batches = make_batches(self.drawing.epoch(seed), self.stage.batch, seed)
                if not batches:
                    raise UsageError("these files have no question to learn from; name others")
                while self.place < len(batches):
                    losses.append(self._learn(batches[self.place], len(batches)))
                    self.place += 1
                    if self.place % self.stage.average_every == 0:
                        self._update_average()
                    if self.place % SAVE_EVERY == 0:
                        self._save()
                        recent = losses[-SAVE_EVERY:]
                        report.note(
                            f"epoch {self.epoch + 1} of {self.stage.epochs}, step {self.place:,} of "
                            f"{len(batches):,}, loss {sum(recent) / len(recent):.3f}"
                        )
                self.epoch, self.place = self.epoch + 1, 0
        except KeyboardInterrupt:
            self._save()
            report.note(f"saved {self.path}; run the same command again to continue")
            raise
        self.model.eval()
        return losses

    def _learn(self, features: list[Feature], steps: int) -> float:
        """Take one step of an epoch; return its loss."""
        import torch
        from torch.nn.functional import cross_entropy

        stage = self.stage
        done = (self.epoch + (self.place + 0.5) / steps) / stage.epochs
        for group in self.optimiser.param_groups:
            group["lr"] = stage.rate * min(done / stage.warm_up, (1 - done) / (1 - stage.warm_up))
        batch = collate(features, self.names, f"{stage.seed}/{self.epoch}/{self.place}")
        inputs = {name: batch[name] for name in (*self.names, "attention_mask")}
        with torch.autocast("cpu", torch.bfloat16, enabled=stage.bfloat16):
            outputs = self.model(**inputs)
        # What the answerer compares: the context's tokens, and the first one.
        starts, ends = (
            logits.float().masked_fill(~batch["choices"], -1e4)
            for logits in (outputs.start_logits, outputs.end_logits)
        )
        loss: Any = (cross_entropy(starts, batch["first"]) + cross_entropy(ends, batch["last"])) / 2
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad()
        return float(loss.detach())

    def _update_average(self) -> None:
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - self.stage.average)
            else:
                self.average[name].copy_(value)

    def _save(self) -> None:
        """Write the state; a crash leaves the previous one."""
        import torch

        unfinished = self.path.with_suffix(".part")
        state = {
            "settled": self.settled,
            "epoch": self.epoch,
            "place": self.place,
            "model": self.model.state_dict(),
            "average": self.average,
            "optimiser": self.optimiser.state_dict(),
            "random": torch.get_rng_state(),
        }
        torch.save(state, unfinished)
        unfinished.replace(self.path)

    def _resume(self, report: Reporter) -> None:
        """Continue from the saved state, if there is one.

        Raises:
            UsageError: it belongs to other settings, or is damaged.
        """
        import torch

        if not self.path.exists():
            return
        try:
            state = torch.load(self.path, weights_only=True)
            same = state["settled"] == self.settled
        except Exception as error:
            # torch raises exceptions of many kinds for a damaged file.
            raise UsageError(f"cannot read {self.path} ({error}); remove it") from error
        if not same:
            raise UsageError(
                f"{self.path} was saved by a training with other settings or files; repeat those, "
                "or name another folder"
            )
        self.epoch, self.place = state["epoch"], state["place"]
        self.model.load_state_dict(state["model"])
        self.average = state["average"]
        self.optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["random"])
        report.note(f"continuing at epoch {self.epoch + 1}, step {self.place:,}")
