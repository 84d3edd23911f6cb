"""The DynamoDB table: every read and write, and what each may overwrite.

One table, partition key `item_id`. Two kinds of items, and a third that is only read and listed:

- a *question*, by its key: status, attempt, lease, task, then the answer or the error;
- a *context*, by `context#SHA256`: the text once, compressed, shared by its questions;
- what the tutorial's command writes: context, question, answer and score in one item.

A question goes PENDING → RUNNING → ANSWERED or FAILED. Every write names the attempt that it
belongs to, and is refused when the table has a newer one: a late task cannot overwrite a newer answer.
Each write may be sent twice (the SDK repeats a request whose reply was lost), so a refusal counts
as success when the item already has the new content.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from answerer import batches, contexts, items
from answerer.errors import AnswererError, InputError
from answerer.items import Item, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from answerer.spans import Span

# An item holds 400 KB at most, names included; these leave ample room for the rest of it.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
MAX_QUESTION_BYTES = 100_000  # as people can ask it
MAX_INLINE_BYTES = 250_000  # of context and question in the tutorial's form
MAX_REASON_CHARACTERS = 2_000


class TableError(AnswererError):
    """The table or one of its items is missing or invalid."""

    exit_code = 3


class SupersededError(AnswererError):
    """The table has a newer attempt, or the answer already: this task is not needed."""

    exit_code = 0


class Table:
    """One DynamoDB table of questions.

    Args:
        client: a DynamoDB client.
        name: the table's name.
    """

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self.client = client
        self.name = name

    # Used by the engine.

    def read(self, keys: Iterable[str]) -> dict[str, Item]:
        """Read questions by key, consistently; those that are not in the table are left out."""
        found = batches.get(self.client, self.name, [items.key(key) for key in keys])
        return {item.key: item for item in map(items.parse, found)}

    def put_contexts(self, packed: Mapping[str, bytes], *, expires_at: int) -> None:
        """Write context items, in batches. Writing one again only extends its expiry.

        Args:
            packed: compressed texts by context id, as `contexts.pack` makes them.
            expires_at: Unix time after which DynamoDB may delete them.
        """
        batches.write(
            self.client,
            self.name,
            [
                {
                    "PutRequest": {
                        "Item": items.key(id_) | {"data": {"B": data}, **items.expiry(expires_at)}
                    }
                }
                for id_, data in packed.items()
            ],
        )

    def read_contexts(self, ids: Iterable[str]) -> dict[str, str]:
        """Read contexts by id; those that are not in the table are left out."""
        found = batches.get(self.client, self.name, [items.key(id_) for id_ in ids])
        return {items.text(raw, "item_id"): _context(raw) for raw in found}

    def claim(
        self,
        key: str,
        attempt: int,
        *,
        token: str,
        question: str,
        context_id: str,
        lease: int,
        expires_at: int,
        force: bool = False,
    ) -> Item | None:
        """Make the item PENDING for this attempt, if it is at the previous attempt.

        The item is created when there is none. Of two runs that claim the same attempt, one wins.

        Args:
            key: the question's key.
            attempt: the attempt to claim, from 1.
            token: identifies the launch to ECS.
            question: the question's text.
            context_id: the id of its context's item.
            lease: Unix time by which the task must have started.
            expires_at: Unix time after which DynamoDB may delete the item.
            force: claim it also when it is answered.

        Returns:
            `None` when claimed, else the item that prevents it.
        """
        refused = self._update(
            key,
            "SET #status = :pending, #attempt = :attempt, #token = :token, #lease = :lease, "
            "#question = :question, #context_id = :context_id, #expires_at = :expires_at "
            "REMOVE #task_arn, #kind, #reason, #permanent",
            "attribute_not_exists(#attempt) OR (#attempt = :previous AND #status <> :final)",
            {
                ":pending": {"S": Status.PENDING},
                ":final": {"S": "" if force else Status.ANSWERED},
                ":attempt": {"N": str(attempt)},
                ":previous": {"N": str(attempt - 1)},
                ":token": {"S": token},
                ":lease": {"N": str(lease)},
                ":question": {"S": question},
                ":context_id": {"S": context_id},
                ":expires_at": {"N": str(expires_at)},
            },
        )
        if refused is None or (_stands(refused, attempt, Status.PENDING, token)):
            return None
        return items.parse(refused)

    def scan(self) -> Iterator[Item]:
        """Every question of the table, in no order, page by page."""
        pages = self.client.get_paginator("scan").paginate(
            TableName=self.name,
            FilterExpression="NOT begins_with(#item_id, :context)",
            ExpressionAttributeNames={"#item_id": "item_id"},
            ExpressionAttributeValues={":context": {"S": contexts.PREFIX}},
        )
        for page in pages:
            yield from map(items.parse, page["Items"])

    def clear(self) -> int:
        """Delete every item, contexts too.

        Returns:
            How many questions were deleted.
        """
        questions = 0
        pages = self.client.get_paginator("scan").paginate(
            TableName=self.name,
            ProjectionExpression="#item_id",
            ExpressionAttributeNames={"#item_id": "item_id"},
        )
        for page in pages:
            batches.write(
                self.client, self.name, [{"DeleteRequest": {"Key": raw}} for raw in page["Items"]]
            )
            questions += sum(
                not contexts.is_id(items.text(raw, "item_id")) for raw in page["Items"]
            )
        return questions

    # Used by the task, and by the engine on behalf of a task that cannot.

    def get(self, key: str) -> Item:
        """Read one question.

        Raises:
            TableError: the table has no such item.
        """
        raw = self.client.get_item(TableName=self.name, Key=items.key(key), ConsistentRead=True)
        if "Item" not in raw:
            raise self._missing(key)
        return items.parse(raw["Item"])

    def start(self, key: str, attempt: int, *, task: str, lease: int) -> Item:
        """Make the item RUNNING, on behalf of this attempt's task.

        Args:
            key: the question's key.
            attempt: the attempt that this task is.
            task: the task's ARN, or another unique name.
            lease: Unix time after which this task counts as dead.

        Raises:
            TableError: the table has no such item.
            SupersededError: another attempt or another task has it, or it is answered.
        """
        started: dict[str, Any] = {}
        refused = self._update(
            key,
            "SET #status = :running, #task_arn = :task, #lease = :lease",
            "#attempt = :attempt AND "
            "(#status = :pending OR (#status = :running AND #task_arn = :task))",
            {
                ":pending": {"S": Status.PENDING},
                ":running": {"S": Status.RUNNING},
                ":attempt": {"N": str(attempt)},
                ":task": {"S": task},
                ":lease": {"N": str(lease)},
            },
            started,
        )
        if refused is None:
            return items.parse(started)
        if not refused:
            raise self._missing(key)
        item = items.parse(refused)
        raise SupersededError(
            f"attempt {attempt} is not needed: the table has attempt {item.attempt}, {item.status}"
        )

    def context(self, context_id: str) -> str:
        """Read one context.

        Raises:
            TableError: the table has no such item, or its content is not that context.
        """
        raw = self.client.get_item(TableName=self.name, Key=items.key(context_id))
        if "Item" not in raw:
            raise self._missing(context_id)
        return _context(raw["Item"])

    def answer(self, key: str, attempt: int, spans: Sequence[Span], model: str) -> bool:
        """Make the item ANSWERED.

        Args:
            key: the question's key.
            attempt: the attempt that this task is.
            spans: the answer, then the alternatives, best first.
            model: identity of the model that answered.

        Raises:
            InputError: the answer does not fit into an item.

        Returns:
            Whether the table now has this attempt's answer.
        """
        refused = self._update(
            key,
            f"SET #status = :answered, {items.SET_ANSWER} REMOVE #kind, #reason",
            "#attempt = :attempt AND #status = :running",
            {
                ":answered": {"S": Status.ANSWERED},
                ":running": {"S": Status.RUNNING},
                ":attempt": {"N": str(attempt)},
                **items.answer_values(spans, model),
            },
        )
        return refused is None or _stands(refused, attempt, Status.ANSWERED)

    def fail(
        self, key: str, attempt: int, kind: str, reason: str, *, permanent: bool = False
    ) -> bool:
        """Make the item FAILED, unless it is final already.

        Args:
            key: the question's key.
            attempt: the attempt that failed.
            kind: short, stable name of the failure.
            reason: what went wrong, for people; cut where it is long.
            permanent: whether another attempt cannot help.

        Returns:
            Whether the table now has this attempt as FAILED.
        """
        refused = self._update(
            key,
            "SET #status = :failed, #kind = :kind, #reason = :reason, #permanent = :permanent",
            "#attempt = :attempt AND #status IN (:pending, :running)",
            {
                ":failed": {"S": Status.FAILED},
                ":pending": {"S": Status.PENDING},
                ":running": {"S": Status.RUNNING},
                ":attempt": {"N": str(attempt)},
                ":kind": {"S": kind},
                ":reason": {"S": reason[:MAX_REASON_CHARACTERS]},
                ":permanent": {"BOOL": permanent},
            },
        )
        return refused is None or _stands(refused, attempt, Status.FAILED)

    def save(
        self,
        key: str,
        context: str,
        question: str,
        spans: Sequence[Span],
        model: str,
        expires_at: int | None,
    ) -> None:
        """Write an item of the tutorial's form, replacing any earlier one.

        Args:
            key: any text; the tutorial takes a random UUID.
            context: the text that holds the answer, not compressed.
            question: the question.
            spans: the answer, then the alternatives, best first.
            model: identity of the model that answered.
            expires_at: Unix time after which DynamoDB may delete the item, `None` for never.

        Raises:
            InputError: context and answer do not fit into an item.
        """
        if len(context.encode()) + len(question.encode()) > MAX_INLINE_BYTES:
            raise InputError(
                "context-too-large",
                f"this form takes {MAX_INLINE_BYTES:,} bytes of context and question: "
                "use --no_save, or `qabot answer`, which compresses the context",
            )
        expiry = {} if expires_at is None else {":expires_at": {"N": str(expires_at)}}
        self._update(
            key,
            "SET #status = :answered, #context = :context, #question = :question, "
            + items.SET_ANSWER
            + (", #expires_at = :expires_at" if expiry else ""),
            None,
            {
                **expiry,
                ":answered": {"S": Status.ANSWERED},
                ":context": {"S": context},
                ":question": {"S": question},
                **items.answer_values(spans, model),
            },
        )

    def _update(
        self,
        key: str,
        update: str,
        condition: str | None,
        values: dict[str, Any],
        returned: dict[str, Any] | None = None,
    ) -> dict[str, Any] | None:
        """UpdateItem; `None` when written, else the raw item that made the condition fail."""
        # Every attribute gets a placeholder: several names are reserved words of DynamoDB.
        names = {f"#{name}": name for name in re.findall(r"#(\w+)", f"{update} {condition}")}
        arguments: dict[str, Any] = {"ReturnValues": "NONE" if returned is None else "ALL_NEW"}
        if condition is not None:
            arguments["ConditionExpression"] = condition
            arguments["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        try:
            reply = self.client.update_item(
                TableName=self.name,
                Key=items.key(key),
                UpdateExpression=update,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                **arguments,
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            # The stubs do not know the field: it is in the reply since June 2023.
            return dict(error.response).get("Item") or {}  # type: ignore[return-value]
        if returned is not None:
            returned.update(reply["Attributes"])
        return None

    def _missing(self, id_: str) -> TableError:
        return TableError(
            f"table {self.name} has no item {id_!a}: it was cleared or expired; "
            "run the questions again"
        )


def _stands(raw: Mapping[str, Any], attempt: int, status: Status, token: str | None = None) -> bool:
    return (
        items.number(raw, "attempt", -1) == attempt
        and items.text(raw, "status") == status
        and token in (None, items.text(raw, "token"))
    )


def _context(raw: Mapping[str, Any]) -> str:
    id_ = items.text(raw, "item_id")
    try:
        return contexts.unpack(id_, raw.get("data", {}).get("B", b""))
    except ValueError as error:
        raise TableError(
            f"item {id_!a} is not the context it names ({error}); empty the table with "
            "`qabot clear` and run the questions again"
        ) from error
