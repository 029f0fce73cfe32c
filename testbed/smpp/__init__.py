"""SMPP sessions without I/O: the SMSC's side, the ESME's side, and links to several SMSCs."""
