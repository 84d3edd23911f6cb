"""Errors of AWS as one line that names the next step."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qabot.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DOCS = "docs/deploying.md"
_GET_CREDENTIALS = (
    "sign in (`aws sso login` or `aws configure`) and set AWS_PROFILE where you have several; "
    f"in a workflow set the repository variable AWS_ROLE_ARN ({DOCS})"
)
_DEPLOY = f"deploy it again: scripts/cdk deploy qabot ({DOCS})"

# https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html and the services' own pages.
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_UNKNOWN = {
    "AuthFailure",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"}
_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "LimitExceededException",
    "SlowDown",
}
_TRANSIENT = {
    "Unavailable",
    "InternalFailure",
    "InternalServerError",
    "InternalError",
    "ServerException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "RequestTimeout",
    "RequestTimeoutException",
}
_GONE = {
    "ResourceNotFoundException": "the table is gone",
    "ClusterNotFoundException": "the ECS cluster is gone",
}


def code_of(error: BaseException) -> str:
    """The code of an error that a service answered with; else the name of its class."""
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    return str(code or type(error).__name__)


def message_of(error: BaseException) -> str:
    """The message of an error, without the SDK's prefix."""
    response = getattr(error, "response", None)
    message = response.get("Error", {}).get("Message") if isinstance(response, dict) else None
    return str(message or error)


class CutReplyError(Exception):
    """A reply of AWS lacks a required member: it was cut off.

    The SDK reads half a JSON body as an empty reply: it does not compare the length
    (botocore's `httpsession` sets `enforce_content_length=False`).
    """


def member(reply: Mapping[str, Any], name: str) -> Any:
    """A required member of a reply.

    Args:
        reply: of an API whose replies carry no checksum; DynamoDB's do.
        name: of the member, such as `tasks`.

    Raises:
        CutReplyError: the reply does not have it.
    """
    if name not in reply:
        raise CutReplyError(f"the reply was cut off: {name} is missing")
    return reply[name]


# How ECS quotes the error of a service that it calls itself, such as EC2:
# "… (ErrorCode: RequestLimitExceeded)" (dask/dask-cloudprovider#56), and in the older form
# "… (Service: AmazonEC2; Status Code: 503; Error Code: Unavailable; Request ID: …)".
_INNER_CODE = re.compile(r"Error ?Code: ?([\w.]+)")
_THROTTLE_WORDS = re.compile(
    r"rate exceeded|request limit exceeded|throttl|too many requests", re.IGNORECASE
)


def _codes(error: BaseException) -> set[str]:
    """The code of an error and the codes of the errors that its message quotes."""
    return {code_of(error), *_INNER_CODE.findall(message_of(error))}


def is_throttle(error: BaseException) -> bool:
    """Whether AWS asks for fewer calls, also if the throttling is wrapped in another error.

    ECS answers InvalidParameterException, "Error retrieving subnet information … Rate exceeded",
    when it was throttled itself (dagster-io/dagster#33439).
    """
    return bool(_codes(error) & _THROTTLED or _THROTTLE_WORDS.search(message_of(error)))


def is_transient(error: BaseException) -> bool:
    """Whether the same call may succeed in a moment: a network error, or a fault inside AWS."""
    from botocore import exceptions as sdk
    from botocore.parsers import ResponseParserError

    if isinstance(error, sdk.ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return bool(_codes(error) & _TRANSIENT) or status >= 500
    # The parser fails on half an XML reply; half a JSON reply is a `CutReplyError`.
    cut = (CutReplyError, ResponseParserError)
    return isinstance(error, (sdk.ConnectionError, sdk.HTTPClientError, *cut))


CREATE_ROLE = (
    "Once per account: aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com"
)


def is_role_missing(error: BaseException) -> bool:
    """Whether ECS cannot use a role; a new role takes some seconds to reach all of AWS.

    "Unable to assume the service linked role. Please verify that the ECS service linked role
    exists." (aws-cloudformation/cloudformation-coverage-roadmap#818); "ECS was unable to assume the
    role 'arn:…' that was provided for this task." (docs of ECS, stopped-task-error-codes).
    """
    return "unable to assume the" in message_of(error).lower()


def is_denied(error: BaseException) -> bool:
    """Whether a permission is missing."""
    return code_of(error) in _DENIED


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise errors of the SDK as `CloudError`.

    Args:
        doing: what is being done, such as `reading the table`.

    Raises:
        CloudError: instead of the SDK's errors.
    """
    try:
        yield
    except Exception as error:
        explained = explain(error, doing)
        if explained is None:
            raise
        raise explained from error


def explain(error: BaseException, doing: str) -> CloudError | None:
    """The `CloudError` for an error of the SDK, `None` for one that is not the SDK's.

    Args:
        error: any error.
        doing: what was being done, such as `reading the table`.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    if isinstance(error, ClientError):
        return CloudError(_client_error(error, doing))
    if isinstance(error, (CutReplyError, ResponseParserError)):
        # The parser's own message quotes the whole reply.
        return CloudError(f"a reply of AWS was cut off, {doing}: run again")
    if isinstance(error, BotoCoreError):
        return CloudError(_sdk_error(error, doing))
    return None


def _sdk_error(error: Exception, doing: str) -> str:
    from botocore import exceptions as sdk

    if isinstance(error, sdk.NoRegionError):
        return "no AWS region: set AWS_REGION to the region of the stack, such as us-east-1"
    if isinstance(error, sdk.ProfileNotFound):
        return f"{error}: correct AWS_PROFILE, or make the profile with `aws configure sso`"
    expired = (sdk.SSOError, sdk.TokenRetrievalError, sdk.UnauthorizedSSOTokenError)
    if isinstance(error, expired):
        return f"the AWS sign-in has expired ({error}): {_GET_CREDENTIALS}"
    without = (sdk.NoCredentialsError, sdk.PartialCredentialsError, sdk.CredentialRetrievalError)
    if isinstance(error, (*without, sdk.NoAuthTokenError)):
        return f"no AWS credentials ({error}): {_GET_CREDENTIALS}"
    if isinstance(error, (sdk.ConnectionError, sdk.HTTPClientError)):
        return (
            f"AWS cannot be reached, {doing} ({error}): check AWS_REGION and the network connection"
        )
    return f"AWS's SDK failed, {doing}: {error}"


def _client_error(error: BaseException, doing: str) -> str:
    code, message = code_of(error), message_of(error)
    operation = getattr(error, "operation_name", "a call")
    if code in _EXPIRED:
        return f"the AWS credentials have expired: {_GET_CREDENTIALS}"
    if code in _UNKNOWN:
        return f"AWS does not accept these credentials ({code}): {_GET_CREDENTIALS}"
    if code in _DENIED:
        return (
            f"AWS denies {permission(error)}, {doing}: grant it to whoever runs this, "
            f"or use the role of the access stack ({DOCS})"
        )
    if code in _GONE:
        return f"{_GONE[code]}, {doing} ({operation}: {message}): {_DEPLOY}"
    if is_throttle(error):
        return f"AWS throttles {operation}, {doing}: run again in a few minutes"
    if is_role_missing(error):
        return f"AWS refused {operation}, {doing}: {message} {CREATE_ROLE}"
    return f"AWS refused {operation}, {doing}: {code}: {message}"


def permission(error: BaseException) -> str:
    """The permission that is missing, such as `ecs:RunTask`, as far as AWS names it."""
    named = re.search(r"not authorized to perform:? ([\w-]+:\w+)", message_of(error))
    return named[1] if named else str(getattr(error, "operation_name", "a call"))


def no_such_stack(name: str, region: str) -> CloudError:
    """The error for a stack that does not exist."""
    return CloudError(
        f"no stack {name} in {region}: deploy it with scripts/cdk deploy {name} ({DOCS}), "
        "or set AWS_REGION to where it is, or stack_name in cdk.json"
    )


def broken_stack(name: str, status: str, missing: Sequence[str]) -> CloudError:
    """The error for a stack that exists and cannot be used."""
    if missing:
        return CloudError(
            f"the stack {name} has no output {', '.join(missing)}: it was deployed by another "
            f"version, or only in part; {_DEPLOY}"
        )
    if status.endswith("_IN_PROGRESS"):
        return CloudError(f"the stack {name} is {status}: wait until that is done, and run again")
    return CloudError(
        f"the stack {name} is {status}: its last deployment failed; "
        f"scripts/cdk destroy {name}, then {_DEPLOY}"
    )
