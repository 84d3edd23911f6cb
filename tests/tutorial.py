"""The tutorial's texts, and the question about the first."""

from __future__ import annotations

EINSTEIN = (
    "Albert Einstein (14 March 1879 – 18 April 1955) was a German-born theoretical physicist who "
    "developed the theory of relativity, one of the two pillars of modern physics (alongside "
    "quantum mechanics). His work is also known for its influence on the philosophy of science. "
    "He is best known to the general public for his mass–energy equivalence formula E = mc2, which "
    "has been dubbed the world's most famous equation. He received the 1921 Nobel Prize in Physics "
    "for his services to theoretical physics, and especially for his discovery of the law of the "
    "photoelectric effect, a pivotal step in the development of quantum theory."
)
YEAR = "In what year did Einstein win the Nobel prize ?"

MOMOTARO = (
    "A giant peach was flowing in the river. She picked it up and brought it home. Later, a healthy "
    "baby was born from the peach. She named the baby Momotaro."
)
