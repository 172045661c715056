"""Fits on disk: directories, keys, and which run speaks."""
