"""Evidence: files of points and sources, read, audited and joined into one labelled dataset."""
