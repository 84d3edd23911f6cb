"""One question file: its nodes checked and turned into questions, every mistake reported.

The file is in one of three shapes: a mapping with a context and its questions, a mapping with
questions that have their own contexts, or a list of such questions.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from qabot.errors import Problem
from qabot.nodes.nodes import Fields, Items, Node, Scalar
from qabot.questions import schema as fields
from qabot.questions.folder import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from qabot.documents.passage import Passage

# The pieces of BERT's tokenizers (BertPreTokenizer and `handle_chinese_chars`): single ideographs and
# punctuation marks, and words. Each piece is at least one token.
_IDEOGRAPH = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df"
_SPACE = r" \t\n\r\xa0\u3000"
_SIGN = r"!-/:-@\[-`{-~\u3001-\u3003\u3008-\u3011\uff01\uff08\uff09\uff0c-\uff0f\uff1a\uff1b\uff1f"
_WORD = re.compile(rf"[{_IDEOGRAPH}]|[{_SIGN}]|[^{_SPACE}{_SIGN}{_IDEOGRAPH}]+")
# A word of syllables in the vocabulary has a token per character; a word with another character, or
# longer than this, is a single unknown token.
_SYLLABLES = re.compile(
    "[あいうえおかきくけこさしすせそたちっつてとなにぬねのはひふへほまみむめもやゆよらりるれろをんァアィイウェエオカキクケコサシスセタチッツテトナニノハヒフヘホマミムメモャュョラリルレロワン・ー]+"
)
_LONGEST_WORD = 100
_SIGNS = re.compile(rf"[{_SIGN}]")
_ACCENT = re.compile("[\u0300-\u036f\u3099\u309a]")

_NO_CONTEXT = "give the file, or this question, a 'context:' or 'documents:'"

# The longest slug that is readable in links and lines.
MAX_SLUG = 60


@dataclass(frozen=True, slots=True)
class Question:
    r"""One question of a question file.

    Args:
        source: its file, relative to the repository, with `/`.
        id: unique in its file.
        question: the question, without white space around it.
        context: the text that holds the answer, with `\n` line ends. Where documents hold it: the
            chosen passages, separated by `answerer.passages.BREAK`; empty before
            `qabot.documents.choose` has chosen.
        expect: parts of right answers; empty where nothing is expected.
        line: its line in the file, from 1.
        expect_no_answer: whether the text is expected not to answer it.
        documents: globs of the documents that hold the answer; empty where it has a context.
        passages: the chosen passages, in the order of the context.
        copies: passages of other documents that have the same text as one of these.
    """

    source: str
    id: str
    question: str
    context: str
    expect: tuple[str, ...]
    line: int
    expect_no_answer: bool = False
    documents: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()
    copies: tuple[Passage, ...] = ()


# A text to look for an answer in, or globs of documents; the other is empty.
_Source: TypeAlias = tuple[str, tuple[str, ...]]


class QuestionFile:
    """Turns the nodes of one file into questions.

    Args:
        source: the file, relative to the repository, with `/`.
        context_file: returns the text of a context file; raises UnreadableFile.
        check_glob: raises UnreadableFile for a glob that matches no document.
    """

    def __init__(
        self,
        source: str,
        context_file: Callable[[str], str],
        check_glob: Callable[[str], None],
    ) -> None:
        self.problems: list[Problem] = []
        self._source = source
        self._context_file = context_file
        self._check_glob = check_glob
        # Whether the file has a source for its questions, and that source where it is valid.
        self._is_shared = False
        self._shared: _Source | None = None
        self._ids: dict[str, int] = {}  # with the line of their question

    def read(self, root: Node) -> list[Question]:
        """Every question of the file without a mistake."""
        if isinstance(root, Items):
            return self._numbered(self._questions(root))
        if isinstance(root, Scalar):
            self._problem(root, "text instead of questions", "write 'questions:' and a list below")
            return []
        values = self._fields(root, fields.SET_FIELDS)
        self._is_shared = any(name in values for name in fields.SOURCES)
        self._shared = self._context(root, values)
        questions = values.get("questions")
        if questions is None:
            self._problem(root, "no 'questions'", "write 'questions:' and a list below it")
        elif not isinstance(questions, Items):
            self._problem(questions, "'questions' is not a list", "start each question with '- '")
        else:
            return self._numbered(self._questions(questions))
        return []

    def _questions(self, nodes: Items) -> list[Question]:
        """The questions of a list; those without an id have an empty one."""
        if not nodes.items:
            self._problem(nodes, "no questions in it", "add one, or remove the file")
        if len(nodes.items) > fields.MAX_QUESTIONS:
            self._problem(
                nodes.items[fields.MAX_QUESTIONS],
                f"{len(nodes.items):,} questions in one file (maximum: {fields.MAX_QUESTIONS:,})",
                "split the file",
            )
            return []
        questions = map(self._question, nodes.items)
        return [question for question in questions if question is not None]

    def _question(self, node: Node) -> Question | None:
        if isinstance(node, Items):
            self._problem(node, "a list where a question should be", "write the question itself")
            return None
        return self._bare(node) if isinstance(node, Scalar) else self._with_keys(node)

    def _bare(self, node: Scalar) -> Question | None:
        """A question that is text alone, about the file's context."""
        glued = re.match(rf"({'|'.join(fields.QUESTION_FIELDS)}):(?=\S)", node.text)
        if glued is not None:
            self._problem(node, f"no space after '{glued[0]}'", "write a space after the colon")
            return None
        words = self._words(node, "the question")
        if not self._is_shared:
            self._problem(node, "no context", _NO_CONTEXT)
        if words is None or self._shared is None:
            return None
        context, documents = self._shared
        return Question(self._source, "", words, context, (), node.line, documents=documents)

    def _with_keys(self, node: Fields) -> Question | None:
        keys = [key.text for key, _ in node.fields]
        if len(keys) == 1 and " " in keys[0]:
            self._problem(
                node,
                f"'{keys[0]}: …' is read as a key and its value, not as a question",
                "put text that contains ': ' in quotes",
            )
            return None
        values = self._fields(node, tuple(fields.QUESTION_FIELDS))
        id_ = self._id(node, values["id"]) if "id" in values else ""
        words = None
        if "question" in values:
            words = self._words(values["question"], "'question'")
        else:
            self._problem(node, "no 'question'", "write 'question:' and the question")
        expect: tuple[str, ...] = ()
        if "expect" in values:
            expect = self._texts(values["expect"], fields.EXPECT, "expect")
        no_answer = self._flag(values.get("expect_no_answer"), "expect_no_answer")
        if expect and no_answer:
            self._problem(node, "both 'expect' and 'expect_no_answer'", "remove one")
        source = self._shared
        if any(name in values for name in fields.SOURCES):
            source = self._context(node, values)
        elif not self._is_shared:
            self._problem(node, "no context", _NO_CONTEXT)
        if words is None or source is None:
            return None
        context, documents = source
        return Question(self._source, id_, words, context, expect, node.line, no_answer, documents)

    def _id(self, question: Node, node: Node) -> str:
        """The id of a question; empty, and a problem, if it is invalid or another question's."""
        id_ = self._text(node, fields.ID, "'id'")
        if id_ is None:
            return ""
        if id_ in self._ids:
            what = f"the id '{id_}' is already used in line {self._ids[id_]}"
            self._problem(question, what, "give it another")
        self._ids.setdefault(id_, question.line)
        return id_

    def _numbered(self, questions: list[Question]) -> list[Question]:
        """The questions, those without an id with a unique slug of the question."""
        numbered = []
        next_number: dict[str, int] = {}
        for question in questions:
            name = question.id
            if not name:
                base = name = slug(question.question)
                while name in self._ids:
                    next_number[base] = next_number.get(base, 1) + 1
                    name = f"{base}-{next_number[base]}"
                self._ids[name] = question.line
            numbered.append(replace(question, id=name))
        return numbered

    def _fields(self, node: Fields, known: tuple[str, ...]) -> dict[str, Node]:
        """A mapping's values by name; unknown and repeated keys are problems."""
        values: dict[str, Node] = {}
        lines: dict[str, int] = {}
        for key, value in node.fields:
            name = key.text
            if name in lines:
                self._problem(key, f"'{name}' is already in line {lines[name]}", "remove one")
                continue
            lines[name] = key.line
            if name in known:
                values[name] = value
                continue
            close = difflib.get_close_matches(name, known, 1)
            todo = f"did you mean '{close[0]}'?" if close else f"the keys are {', '.join(known)}"
            self._problem(key, f"unknown key '{name}'", todo)
        return values

    def _context(self, node: Fields, values: dict[str, Node]) -> _Source | None:
        """The source in a mapping; None if it has none, or an invalid one."""
        given = [name for name in fields.SOURCES if name in values]
        if len(given) > 1:
            self._problem(node, f"both '{given[0]}' and '{given[1]}'", "remove one")
            return None
        if not given:
            return None
        name = given[0]
        value = values[name]
        if name == "documents":
            return self._documents(value)
        text = self._text(value, fields.CONTEXT[name], f"'{name}'")
        if text is None or name == "context":
            return None if text is None else (text, ())
        try:
            content = self._context_file(text)
        except UnreadableFile as error:
            self._problem(value, f"'{text}' {error.what}", error.todo)
            return None
        if not content.strip():
            self._problem(value, f"'{text}' is empty", "write the context into it")
            return None
        if len(content) > fields.MAX_CONTEXT:
            self._problem(
                value,
                f"'{text}' has {len(content):,} characters (maximum: {fields.MAX_CONTEXT:,})",
                "use a shorter text",
            )
            return None
        return content, ()

    def _documents(self, node: Node) -> _Source | None:
        """The documents of globs; None if one of these is invalid or matches nothing."""
        before = len(self.problems)
        globs = self._texts(node, fields.DOCUMENTS, "documents")
        nodes = node.items if isinstance(node, Items) else []
        for item, glob in zip(nodes, globs, strict=False):
            try:
                self._check_glob(glob)
            except UnreadableFile as error:
                self._problem(item, f"'{glob}' {error.what}", error.todo)
        return ("", globs) if len(self.problems) == before else None

    def _texts(self, node: Node, field: fields.TextList, name: str) -> tuple[str, ...]:
        """The texts of a list without a mistake."""
        if not isinstance(node, Items):
            self._problem(node, f"'{name}' is not a list", "put it in brackets: [ ]")
            return ()
        if not node.items:
            self._problem(node, f"'{name}' is empty", "write an item, or remove it")
        if len(node.items) > field.most:
            self._problem(
                node,
                f"{len(node.items)} items in '{name}' (maximum: {field.most})",
                "remove some",
            )
        texts = [self._text(item, field.item, f"an item of '{name}'") for item in node.items]
        return tuple(text for text in texts if text is not None)

    def _flag(self, node: Node | None, name: str) -> bool:
        if node is None:
            return False
        if not isinstance(node, Scalar) or node.kind != "true or false":
            self._problem(node, f"'{name}' is neither true nor false", "write true or false")
            return False
        return node.text.lower() == "true"

    def _text(self, node: Node, field: fields.Text, name: str) -> str | None:
        """The text of a field; None, and a problem, if the node is not valid for it."""
        if not isinstance(node, Scalar):
            what = "a list" if isinstance(node, Items) else "a mapping"
            self._problem(node, f"{name} is {what} instead of text", "write the text itself")
            return None
        text = node.text
        if node.kind not in ("text", "null") and not (field.numbers and node.kind == "a number"):
            self._problem(node, f"{name} is {node.kind}, not text", "put it in quotes")
            return None
        if node.kind == "null" or not text.strip():
            self._problem(node, f"{name} is empty", "write something, or remove it")
            return None
        if len(text) > field.longest:
            self._problem(
                node,
                f"{name} has {len(text):,} characters (maximum: {field.longest:,})",
                "shorten it",
            )
            return None
        if field.pattern is not None and re.fullmatch(field.pattern, text) is None:
            self._problem(
                node,
                f"invalid {name.strip(chr(39))} '{text}'",
                "start with a letter or digit, then use only letters, digits, '.', '_' or '-'",
            )
            return None
        if re.search("[\ud800-\udfff]", text):
            self._problem(
                node, f"{name} contains half a surrogate pair", "write the character itself"
            )
            return None
        return text

    def _words(self, node: Node, name: str) -> str | None:
        """The question in a node; None, and a problem, if the model cannot read it."""
        question = self._text(node, fields.QUESTION, name)
        if question is None:
            return None
        tokens = least_tokens(question)
        if tokens > fields.MAX_QUESTION_TOKENS:
            self._problem(
                node,
                f"the question is at least {tokens:,} tokens long "
                f"(maximum: {fields.MAX_QUESTION_TOKENS})",
                "shorten it",
            )
            return None
        return question.strip()

    def _problem(self, node: Node, what: str, todo: str) -> None:
        self.problems.append(Problem(self._source, node.line, node.column, what, todo))


def least_tokens(question: str) -> int:
    """A lower bound of the number of tokens of a question, for the bundled model's tokenizer.

    Args:
        question: any text.
    """
    kept = _ACCENT.sub("", unicodedata.normalize("NFD", question))  # as the tokenizer does first
    return sum(map(_least_tokens_of_word, _WORD.findall(kept)))


def _least_tokens_of_word(word: str) -> int:
    if len(word) <= _LONGEST_WORD and _SYLLABLES.fullmatch(word):
        return len(word)
    # Characters that are neither letters nor punctuation may be dropped.
    return int(
        any(
            char.isalpha() or char in "0123456789" or _SIGNS.match(char) is not None
            for char in word
        )
    )


def slug(question: str) -> str:
    """A short id made of a question's words, in any script.

    Args:
        question: any text.
    """
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", question).casefold())
    name = ""
    for word in words:
        if name and len(name) + 1 + len(word) > MAX_SLUG:
            break
        name = f"{name}-{word}" if name else word[:MAX_SLUG]
    return name or "question"
