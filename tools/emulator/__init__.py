"""An emulated AWS on this machine that really runs tasks, for tests of everything that needs a cloud.

    with emulated_cloud() as cloud:
        cloud.deploy()                      # the stack of infra/, by CloudFormation
        client = cloud.client("ecs")        # or boto3 with cloud.environ in the environment
        ...
        print(cloud.calls.by_kind())        # {"ecs:RunTask": 300, ...}
        print(cloud.tasks)                  # every task, with its states

moto's server answers the APIs. The tasks of ECS are implemented here: RunTask, StopTask,
DescribeTasks and ListTasks behave as documented for ECS, and each task executes its container's
command, in a thread, a process or a Docker container. `faults` injects failures.

One cloud at a time per process: moto keeps its state per process, and it is cleared at the start and
at the end. For the same reason, a cloud and moto's `mock_aws` cannot be open at the same time.
"""

from tools.emulator.cloud import Cloud, emulated_cloud
from tools.emulator.faults import (
    NO_FAULTS,
    ApiError,
    Faults,
    LoseReply,
    Reaction,
    Refuse,
    TaskFault,
)

__all__ = [
    "NO_FAULTS",
    "ApiError",
    "Cloud",
    "Faults",
    "LoseReply",
    "Reaction",
    "Refuse",
    "TaskFault",
    "emulated_cloud",
]
