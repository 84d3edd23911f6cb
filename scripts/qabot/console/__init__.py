"""Printing: messages, progress, and text made safe."""
