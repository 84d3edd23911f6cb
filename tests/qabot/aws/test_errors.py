"""Each way AWS refuses is one line that names the next step."""

from __future__ import annotations

import pytest
from botocore import exceptions as sdk
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from qabot.aws import errors
from qabot.errors import CloudError


def refused(
    code: str, message: str = "no", operation: str = "RunTask", status: int = 400
) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},  # type: ignore[typeddict-item]
        },
        operation,
    )


# aws-cloudformation/cloudformation-coverage-roadmap#818
NO_ROLE = (
    "Unable to assume the service linked role. "
    "Please verify that the ECS service linked role exists."
)
DENIED = refused(
    "AccessDeniedException",
    "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: ecs:DescribeTasks on "
    "resource: * because no identity-based policy allows the ecs:DescribeTasks action",
)


@pytest.mark.parametrize(
    ("error", "says", "step"),
    [
        (sdk.NoCredentialsError(), "no AWS credentials", "AWS_ROLE_ARN"),
        (sdk.PartialCredentialsError(provider="env", cred_var="x"), "no AWS cred", "aws sso login"),
        (sdk.CredentialRetrievalError(provider="p", error_msg="e"), "no AWS cred", "aws sso login"),
        (sdk.UnauthorizedSSOTokenError(), "has expired", "aws sso login"),
        (sdk.TokenRetrievalError(provider="p", error_msg="e"), "has expired", "aws sso login"),
        (sdk.ProfileNotFound(profile="mine"), "mine", "AWS_PROFILE"),
        (sdk.NoRegionError(), "no AWS region", "AWS_REGION"),
        (sdk.EndpointConnectionError(endpoint_url="https://x"), "cannot be reached", "AWS_REGION"),
        (sdk.ConnectTimeoutError(endpoint_url="https://x"), "cannot be reached", "network"),
        (sdk.ReadTimeoutError(endpoint_url="https://x"), "cannot be reached", "network"),
        (refused("ExpiredTokenException"), "have expired", "aws sso login"),
        (refused("RequestExpired"), "have expired", "aws sso login"),
        (refused("UnrecognizedClientException"), "does not accept", "AWS_PROFILE"),
        (refused("InvalidClientTokenId"), "does not accept", "AWS_PROFILE"),
        (DENIED, "denies ecs:DescribeTasks", "grant it"),
        (refused("AccessDenied", "no", "StopTask"), "denies StopTask", "grant it"),
        (refused("ResourceNotFoundException", operation="GetItem"), "table is gone", "cdk deploy"),
        (refused("ClusterNotFoundException"), "cluster is gone", "cdk deploy"),
        (refused("ThrottlingException"), "throttles RunTask", "run again"),
        (refused("BlockedException", "blocked"), "refused RunTask", "blocked"),
        (refused("ClientException", NO_ROLE), "service linked role", "create-service-linked-role"),
        (errors.CutReplyError("tasks is missing"), "was cut off, launching tasks", "run again"),
        (ResponseParserError("Unable to parse: <\n"), "was cut off, launching tasks", "run again"),
    ],
)
def test_an_error_of_the_sdk_becomes_one_line(error: Exception, says: str, step: str) -> None:
    with pytest.raises(CloudError) as caught, errors.translated("launching tasks"):
        raise error
    message = str(caught.value)
    assert says in message
    assert step in message
    assert "\n" not in message
    assert caught.value.exit_code == 3


def test_what_is_not_of_the_sdk_goes_through() -> None:
    with pytest.raises(ZeroDivisionError), errors.translated("dividing"):
        _ = 1 / 0


GROUP = "Error retrieving security group information for [sg-0aa]:"
SUBNET = "Error retrieving subnet information for [subnet-0aa]:"
GONE = "InvalidSubnetID.NotFound"
THROTTLES = [
    f"{GROUP} Request limit exceeded. (ErrorCode: RequestLimitExceeded)",
    f"{SUBNET} Request limit exceeded.",
    f"{SUBNET} Rate exceeded",
    f"{SUBNET} slow down (Service: AmazonEC2; Status Code: 503; Error Code: Throttling; ID: 1)",
]
FAULTS = [
    f"{GROUP} An internal error has occurred (ErrorCode: InternalError)",
    f"{SUBNET} The service is unavailable. Please try again shortly. (ErrorCode: Unavailable)",
    f"{SUBNET} no (Service: AmazonEC2; Status Code: 503; Error Code: ServiceUnavailable; ID: 1)",
]


@pytest.mark.parametrize(
    ("error", "throttle", "transient"),
    [
        (refused("ThrottlingException"), True, False),
        (refused("ProvisionedThroughputExceededException"), True, False),
        # dagster-io/dagster#33439
        (
            refused(
                "InvalidParameterException",
                "Error retrieving subnet information for [subnet-1]: Request limit exceeded. "
                "(ErrorCode: RequestLimitExceeded) Rate exceeded",
            ),
            True,
            False,
        ),
        *[(refused("InvalidParameterException", text), True, False) for text in THROTTLES],
        *[(refused("InvalidParameterException", text), False, True) for text in FAULTS],
        (refused("InvalidParameterException", "The subnet is unknown"), False, False),
        (refused("InvalidParameterException", f"{SUBNET} (ErrorCode: {GONE})"), False, False),
        (errors.CutReplyError("tasks is missing"), False, True),
        (ResponseParserError("Unable to parse response: <DescribeSta"), False, True),
        (refused("ServerException", status=500), False, True),
        (refused("Whatever", status=503), False, True),
        (sdk.EndpointConnectionError(endpoint_url="https://x"), False, True),
        (sdk.ReadTimeoutError(endpoint_url="https://x"), False, True),
        (sdk.NoCredentialsError(), False, False),
        (DENIED, False, False),
    ],
)
def test_transient_errors_are_distinguished_from_others(
    error: Exception, throttle: bool, transient: bool
) -> None:
    assert errors.is_throttle(error) is throttle
    assert errors.is_transient(error) is transient
    assert errors.is_denied(error) is (error is DENIED)
