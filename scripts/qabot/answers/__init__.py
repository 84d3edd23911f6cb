"""Answers, their files and their pages."""
