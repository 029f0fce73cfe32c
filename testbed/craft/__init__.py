"""One GTP message made by hand: from words, right or wrong, sent, and its answer awaited."""
