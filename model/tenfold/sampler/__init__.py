"""How it is sampled: a compiled density in coordinates near a standard normal."""
