"""What is known: answers, their files and pages."""
