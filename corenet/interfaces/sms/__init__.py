"""Short messages: what they carry (TS 23.040) and how it is relayed by radio (TS 24.011)."""
