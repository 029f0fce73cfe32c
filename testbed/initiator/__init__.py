"""The push initiator: PAP client and notification receiver."""
