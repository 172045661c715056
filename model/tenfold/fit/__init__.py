"""Fitting, in stages: sample, check, compare curve forms, and judge."""
