"""Text of everything: plain data in, words out."""
