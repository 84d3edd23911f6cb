"""What AWS says when it refuses, in one line that names the next step."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from qabot.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    """The message of an error, without the SDK's words around it."""
    response = getattr(error, "response", None)
    message = response.get("Error", {}).get("Message") if isinstance(response, dict) else None
    return str(message or error)


def is_throttle(error: BaseException) -> bool:
    """Whether AWS asks for fewer calls, also where that is wrapped in another error.

    ECS answers InvalidParameterException, "Error retrieving subnet information … Rate exceeded",
    when it was throttled itself (dagster-io/dagster#33439).
    """
    return code_of(error) in _THROTTLED or bool(
        re.search(r"rate exceeded|throttl|too many requests", message_of(error), re.IGNORECASE)
    )


def is_transient(error: BaseException) -> bool:
    """Whether the same call may well succeed in a moment: the network, or a fault inside AWS."""
    from botocore import exceptions as sdk

    if isinstance(error, sdk.ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return code_of(error) in _TRANSIENT or status >= 500
    return isinstance(error, (sdk.ConnectionError, sdk.HTTPClientError))


def is_denied(error: BaseException) -> bool:
    """Whether a permission is missing."""
    return code_of(error) in _DENIED


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise what the SDK raises as a `CloudError`.

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
    """The `CloudError` for an error of the SDK, `None` for one that isn't the SDK's.

    Args:
        error: any error.
        doing: what was being done, such as `reading the table`.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, ClientError):
        return CloudError(_client_error(error, doing))
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
            f"AWS can't be reached, {doing} ({error}): is AWS_REGION a region of AWS, "
            "and is there a network?"
        )
    return f"AWS's SDK failed, {doing}: {error}"


def _client_error(error: BaseException, doing: str) -> str:
    code, message = code_of(error), message_of(error)
    operation = getattr(error, "operation_name", "a call")
    if code in _EXPIRED:
        return f"the AWS credentials have expired: {_GET_CREDENTIALS}"
    if code in _UNKNOWN:
        return f"AWS doesn't accept these credentials ({code}): {_GET_CREDENTIALS}"
    if code in _DENIED:
        return (
            f"AWS denies {permission(error)}, {doing}: grant it to whoever runs this, "
            f"or use the role of the access stack ({DOCS})"
        )
    if code in _GONE:
        return f"{_GONE[code]}, {doing} ({operation}: {message}): {_DEPLOY}"
    if is_throttle(error):
        return f"AWS throttles {operation}, {doing}: run again in some minutes"
    return f"AWS refused {operation}, {doing}: {code}: {message}"


def permission(error: BaseException) -> str:
    """The permission that is missing, such as `ecs:RunTask`, as far as AWS names it."""
    named = re.search(r"not authorized to perform:? ([\w-]+:\w+)", message_of(error))
    return named[1] if named else str(getattr(error, "operation_name", "a call"))


def no_such_stack(name: str, region: str) -> CloudError:
    """The error for a stack that is not there."""
    return CloudError(
        f"there is no stack {name} in {region}: deploy it with scripts/cdk deploy {name} ({DOCS}), "
        "or set AWS_REGION to where it is, or stack_name in cdk.json"
    )


def broken_stack(name: str, status: str, missing: Sequence[str]) -> CloudError:
    """The error for a stack that is there and can't be used."""
    if missing:
        return CloudError(
            f"the stack {name} has no output {', '.join(missing)}: another version deployed it, "
            f"or not to the end; {_DEPLOY}"
        )
    if status.endswith("_IN_PROGRESS"):
        return CloudError(f"the stack {name} is {status}: wait until that is done, and run again")
    return CloudError(
        f"the stack {name} is {status}: its last deployment failed; "
        f"scripts/cdk destroy {name}, then {_DEPLOY}"
    )
