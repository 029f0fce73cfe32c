"""The mobile: attach, activation, UDP applications, what it shows."""
