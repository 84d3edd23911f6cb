"""The timeline of a run: recorded by the engines, written to a file, shown as a picture."""
