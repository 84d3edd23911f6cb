"""AWS as the fargate engine uses it: clients, the deployed stack, tasks, rates, errors."""
