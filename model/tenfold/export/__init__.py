"""Exports: what a run says, in the formats of other programs and of forecasting sites."""
