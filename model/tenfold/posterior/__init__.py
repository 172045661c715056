"""What is to be fitted: scenario, priors, the joint model, and the same model forwards."""
