"""The constants of the search, for another implementation of it: the page's, in JavaScript."""

from __future__ import annotations

from typing import Any

from answerer import edges, model, passages, ranking, scores, spans, texts, windows


def search_constants() -> dict[str, dict[str, Any]]:
    """Every number and word that the search depends on, by the part of the search that uses it."""
    return {
        "passages": {
            "length": passages.LENGTH,
            "overlap": passages.OVERLAP,
            "whole": passages.WHOLE,
            "most": texts.PASSAGES,
            "break": passages.BREAK,
        },
        "ranking": {
            "saturation": ranking.SATURATION,
            "weight_of_length": ranking.WEIGHT_OF_LENGTH,
            "unspaced": ranking.UNSPACED,
            "stem": ranking.STEM,
            "shortest_plural": ranking.SHORTEST_PLURAL,
            "function_words": sorted(ranking.FUNCTION_WORDS),
        },
        "windows": {"overlap": windows.OVERLAP, "longest_word": windows.LONGEST_WORD},
        "spans": {
            "max_answer_tokens": model.MAX_ANSWER_TOKENS,
            "lexical_weight": spans.LEXICAL_WEIGHT,
            "kept": spans.KEPT,
            "kept_starts": spans.KEPT_STARTS,
            "compared": spans.COMPARED,
            "longest_dates": spans.LONGEST_DATES,
            "date_words": [spans.FIRST_DATE, spans.LAST_DATE],
            "end_punctuation": spans.END_PUNCTUATION,
            "cut_anywhere": edges.CUT_ANYWHERE,
            "joiners": edges.JOINERS,
            "longest_word": edges.LONGEST_WORD,
            "most": scores.MOST,
            "features": scores.FEATURES,
            "none_features": scores.NONE_FEATURES,
        },
    }
