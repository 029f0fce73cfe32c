"""A GPRS core network of sans-IO nodes: GGSN, SGSN, HLR and mobiles."""
