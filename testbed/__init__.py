"""What stands around the core: gateway, push initiator, lab."""
