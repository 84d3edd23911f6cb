"""Small random checkpoints of many architectures, as transformers saves them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "the quick brown fox jumps over the lazy dog in 1921 , he said . who saw what when ?"

# Tokens that the small models read at once.
POSITIONS = 64


def wordpiece() -> Any:
    """As BERT's: pieces of words, token types, special tokens around."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    trainer = trainers.WordPieceTrainer(vocab_size=150, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator([TEXT] * 3, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return tokenizer


def byte_level() -> Any:
    """As RoBERTa's: bytes, two separators between the texts, no token types."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([TEXT] * 3, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer


def config(architecture: str, words: int) -> Any:
    """A configuration whose random model prefers some spans clearly."""
    import transformers as typed

    transformers: Any = typed  # its signatures say less than it takes
    sizes: dict[str, Any] = {
        "vocab_size": words,
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "intermediate_size": 48,
        "max_position_embeddings": POSITIONS,
        "initializer_range": 0.3,
    }
    if architecture == "bert":
        return transformers.BertConfig(**sizes)
    if architecture == "electra":
        # The one with more than one layer: each costs an export a second.
        return transformers.ElectraConfig(**sizes | {"num_hidden_layers": 2}, embedding_size=16)
    if architecture == "distilbert":
        return transformers.DistilBertConfig(
            vocab_size=words,
            dim=32,
            n_layers=1,
            n_heads=4,
            hidden_dim=48,
            max_position_embeddings=POSITIONS,
            initializer_range=0.3,
        )
    if architecture == "roberta":
        # Two rows of positions more than tokens it reads: the padding's index is 1.
        sizes["max_position_embeddings"] = POSITIONS + 2
        return transformers.RobertaConfig(**sizes, pad_token_id=1, type_vocab_size=1)
    if architecture == "deberta-v2":
        return transformers.DebertaV2Config(
            **sizes,
            relative_attention=True,
            pos_att_type=["p2c", "c2p"],
            position_buckets=16,
            norm_rel_ebd="layer_norm",
            share_att_key=True,
            position_biased_input=False,
            type_vocab_size=0,
        )
    raise ValueError(architecture)


def make_checkpoint(folder: Path, architecture: str) -> Path:
    """Save a random checkpoint of an architecture, with its tokenizer, in a folder."""
    import torch
    import transformers as typed

    transformers: Any = typed  # its signatures say less than it takes

    bytewise = architecture == "roberta"
    tokenizer = byte_level() if bytewise else wordpiece()
    names = ("<s>", "<pad>", "</s>", "<unk>") if bytewise else ("[CLS]", "[PAD]", "[SEP]", "[UNK]")
    roles = dict(zip(("cls", "pad", "sep", "unk"), names, strict=True))
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        # RoBERTa's own files say nothing of it in some checkpoints.
        model_max_length=10**30 if bytewise else POSITIONS,
        model_input_names=["input_ids", "attention_mask"]
        + ["token_type_ids"] * (architecture in {"bert", "electra"}),
        **{f"{role}_token": name for role, name in roles.items()},
    )
    torch.manual_seed(5)
    model = transformers.AutoModelForQuestionAnswering.from_config(
        config(architecture, tokenizer.get_vocab_size())
    )
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder
