"""Evaluation results of others as points: Epoch AI's hub and Every Eval Ever."""
