"""An AWS on this machine that really runs tasks: the test bench of everything that needs a cloud.

    with emulated_cloud() as cloud:
        cloud.deploy()                      # the stack of infra/, by CloudFormation
        client = cloud.client("ecs")        # or boto3 with cloud.environ in the environment
        ...
        print(cloud.calls.by_kind())        # {"ecs:RunTask": 300, ...}
        print(cloud.tasks)                  # every task, with its life

moto's server answers the APIs. The tasks of ECS are this package's own: RunTask, StopTask,
DescribeTasks and ListTasks behave as ECS documents them, and each task executes its container's
command, in a thread, a process or a Docker container. `faults` says what goes wrong.

One cloud at a time in a process: moto's state is the process's, and it is emptied at the start and
at the end. For the same reason a cloud and moto's `mock_aws` cannot be open at once.
"""

from tools.emulator.cloud import Cloud, emulated_cloud
from tools.emulator.faults import (
    NO_FAULTS,
    Alter,
    ApiError,
    Faults,
    LoseReply,
    Reaction,
    Refuse,
    TaskFault,
)

__all__ = [
    "NO_FAULTS",
    "Alter",
    "ApiError",
    "Cloud",
    "Faults",
    "LoseReply",
    "Reaction",
    "Refuse",
    "TaskFault",
    "emulated_cloud",
]
