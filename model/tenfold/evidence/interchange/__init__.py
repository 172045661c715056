"""Evaluation results of others as points: Epoch AI's hub, Every Eval Ever, and other programs."""
