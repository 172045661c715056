"""Editions: dated, frozen runs that ship, so that answers need no fit; and what moved since."""
