"""The command line, in workflow order: evidence, fit, jump, claims, report."""
