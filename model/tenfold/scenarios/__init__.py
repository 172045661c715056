"""What moves the answer from scenario to scenario."""
