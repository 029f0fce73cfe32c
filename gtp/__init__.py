"""GTPv1-C and GTP-U as a library: sans-IO, typed, standard library only (TS 29.060, TS 29.281)."""
