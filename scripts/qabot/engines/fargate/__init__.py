"""One Fargate task per question."""
