"""The push proxy gateway: judge, activate, send."""
