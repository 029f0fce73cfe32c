"""The push gateway's way to SMSCs: an external short message entity (SMPP 3.4 §1.2)."""
