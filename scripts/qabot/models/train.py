"""Train an encoder to find answers: `qabot model train`.

The recipe of the bundled model; container/model/README.md tells its settings. A run that is
interrupted goes on where it was when the same command is given again, and ends with the same weights
as one that was not.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from answerer.exporting import checkpoint as checkpoints
from answerer.exporting.graph import input_names
from answerer.windows import Windows
from qabot.errors import UsageError
from qabot.models import squad
from qabot.models.features import Feature, collate, make_batches, make_features

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from qabot.console.reporter import Reporter

STATE_FILE = "training-state.pt"
# The weights as they are after the last step; the folder itself holds their average.
RAW_FOLDER = "raw"

# Names of the two dropouts in the configurations of BERT and its relatives, and of DistilBERT.
_DROPOUT = ("hidden_dropout_prob", "dropout")
_ATTENTION_DROPOUT = ("attention_probs_dropout_prob", "attention_dropout")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The settings of a run.

    Args:
        epochs: how often each question is seen.
        batch: questions a step.
        rate: the highest learning rate.
        warm_up: part of the steps in which the rate rises from zero; it then falls to zero.
        window: tokens of one feature at most.
        stride: tokens that neighbouring windows share.
        dropout: of hidden states; attention has none.
        decay: of weights, except biases and normalisations.
        average: the part of the average that stays at each of its steps.
        average_every: steps from one to the next step of the average.
        bfloat16: compute in bfloat16 where torch finds it safe.
        seed: of the span head, the order and the dropout.
        save_every: steps from one saved state to the next.
    """

    epochs: int = 2
    batch: int = 24
    rate: float = 1.3e-4
    warm_up: float = 0.1
    window: int = 320
    stride: int = 96
    dropout: float = 0.1
    decay: float = 0.01
    average: float = 0.99
    average_every: int = 4
    bfloat16: bool = False
    seed: int = 0
    save_every: int = 200


def train(
    encoder: str, files: Sequence[Path], out: Path, recipe: Recipe, report: Reporter
) -> list[float]:
    """Train, or go on training, and write the checkpoint.

    Args:
        encoder: `NAME@REVISION` on the Hugging Face hub, or a folder.
        files: SQuAD-format files.
        out: the checkpoint's folder, with the averaged weights; `out/raw` gets the last ones.
        recipe: the settings.
        report: is told how far it is.

    Returns:
        the loss of each step of this run, of those before an interruption not.

    Raises:
        UsageError: a file is none, or `out` holds something else.
        ExportError: the encoder can't be loaded, or torch is missing.
    """
    if (out / "config.json").exists():
        raise UsageError(f"{out} holds a checkpoint already; name another folder")
    examples = [example for path in files for example in squad.read(path)]
    checkpoints.require_torch()
    import torch

    torch.manual_seed(recipe.seed)
    settings = dict.fromkeys(_DROPOUT, recipe.dropout) | dict.fromkeys(_ATTENTION_DROPOUT, 0.0)
    source = checkpoints.load(encoder, trained=False, **settings)
    source.tokenizer.no_truncation()
    source.tokenizer.no_padding()
    out.mkdir(parents=True, exist_ok=True)
    (out / "tokenizer.json").write_text(
        source.tokenizer.to_str(pretty=True), encoding="utf-8", newline="\n"
    )
    windows = Windows(out / "tokenizer.json", min(recipe.window, source.positions))
    features = make_features(examples, windows, recipe.stride)
    if not features:
        raise UsageError("no question has an answer that stands in its context; name other files")
    report.note(f"{len(features):,} of {len(examples):,} questions have an answer to learn from")
    run = _Run(source.model, recipe, features, out, _fingerprint(encoder, files, recipe))
    losses = run.go(report)
    _save(run, source, out, encoder)
    return losses


class _Run:
    """The state of a training run: everything that going on needs."""

    def __init__(
        self, model: Any, recipe: Recipe, features: list[Feature], out: Path, fingerprint: str
    ) -> None:
        import torch

        self.model = model
        self.recipe = recipe
        self.features = features
        self.path = out / STATE_FILE
        self.fingerprint = fingerprint
        self.names = input_names(model)
        per_epoch = -(-len(features) // recipe.batch)
        self.total = recipe.epochs * per_epoch
        self.per_epoch = per_epoch
        self.step = 0
        plain: list[Any] = []
        decayed: list[Any] = []
        for name, weight in model.named_parameters():
            plainly = name.endswith("bias") or "LayerNorm" in name or "layer_norm" in name
            (plain if plainly else decayed).append(weight)
        groups = [
            {"params": decayed, "weight_decay": recipe.decay},
            {"params": plain, "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=recipe.rate)
        self.average = {name: value.clone() for name, value in model.state_dict().items()}

    def go(self, report: Reporter) -> list[float]:
        """Take every step that is left."""
        self.resume(report)
        self.model.train()
        losses: list[float] = []
        batches: list[list[int]] = []
        try:
            while self.step < self.total:
                epoch, place = divmod(self.step, self.per_epoch)
                if not batches or place == 0:
                    batches = make_batches(self.features, self.recipe.batch, self._seed(epoch))
                features = [self.features[index] for index in batches[place]]
                losses.append(self._learn(features))
                self.step += 1
                if self.step % self.recipe.average_every == 0:
                    self._follow()
                if self.step % self.recipe.save_every == 0:
                    self.save()
                    recent = losses[-self.recipe.save_every :]
                    mean = sum(recent) / len(recent)
                    report.note(f"step {self.step:,} of {self.total:,}, loss {mean:.3f}")
        except KeyboardInterrupt:
            self.save()
            report.note(f"kept step {self.step:,}; give the same command again to go on")
            raise
        self.model.eval()
        return losses

    def _seed(self, number: int) -> int:
        return self.recipe.seed * 1_000_003 + number

    def _learn(self, features: list[Feature]) -> float:
        """Take one step; give its loss."""
        import torch

        warm = max(1, round(self.recipe.warm_up * self.total))
        rising, falling = (self.step + 1) / warm, (self.total - self.step) / (self.total - warm + 1)
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.rate * min(rising, falling, 1.0)
        batch = collate(features, self.names, self._seed(self.step))
        with torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.bfloat16):
            loss = self.model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad()
        return float(loss.detach())

    def _follow(self) -> None:
        """Move the average a little towards the weights."""
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - self.recipe.average)
            else:
                self.average[name].copy_(value)

    def save(self) -> None:
        """Write everything that going on needs; never half of it."""
        import torch

        unfinished = self.path.with_suffix(".part")
        torch.save(
            {
                "fingerprint": self.fingerprint,
                "step": self.step,
                "model": self.model.state_dict(),
                "average": self.average,
                "optimiser": self.optimiser.state_dict(),
                "random": torch.get_rng_state(),
            },
            unfinished,
        )
        unfinished.replace(self.path)

    def resume(self, report: Reporter) -> None:
        """Go back to the saved state, where there is one.

        Raises:
            UsageError: it is of a run with other settings, or broken.
        """
        import torch

        if not self.path.exists():
            return
        try:
            state = torch.load(self.path, weights_only=True)
            same = state["fingerprint"] == self.fingerprint
        except Exception as error:
            # torch raises what its file format's parts raise.
            raise UsageError(f"{self.path} can't be read ({error}); remove it") from error
        if not same:
            raise UsageError(
                f"{self.path} is of a run with other settings or files; "
                "give the same ones to go on, or name another folder"
            )
        self.step = state["step"]
        self.model.load_state_dict(state["model"])
        self.average = state["average"]
        self.optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["random"])
        report.note(f"going on at step {self.step:,} of {self.total:,}")


def _fingerprint(encoder: str, files: Sequence[Path], recipe: Recipe) -> str:
    """What must be the same for a run to go on: the settings and the files' content."""
    what: list[Any] = [encoder, dataclasses.asdict(recipe)]
    what += [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def _save(run: _Run, source: checkpoints.Checkpoint, out: Path, encoder: str) -> None:
    """Write the two checkpoints; the averaged one last, as it ends the run."""
    import transformers as typed

    transformers: Any = typed  # its signatures say less than it takes
    tokenizer = transformers.AutoTokenizer.from_pretrained(
        source.name if source.revision else encoder, revision=source.revision
    )
    unfinished = out / "unfinished"
    with checkpoints.quiet():
        for folder, weights in (
            (out / RAW_FOLDER, run.model.state_dict()),
            (unfinished, run.average),
        ):
            run.model.load_state_dict(weights)
            tokenizer.save_pretrained(folder)
            run.model.save_pretrained(folder)
    # config.json last: it is what makes a folder a checkpoint.
    for file in sorted(unfinished.iterdir(), key=lambda file: file.name == "config.json"):
        file.replace(out / file.name)
    unfinished.rmdir()
    (out / STATE_FILE).unlink(missing_ok=True)
