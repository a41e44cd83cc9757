"""Models with a labelled task each, for what is measured of accuracy: made or fetched once, and kept below build/."""
