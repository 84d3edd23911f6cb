"""From files in `questions/` to questions."""
