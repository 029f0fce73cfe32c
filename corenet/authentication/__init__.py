"""Authentication of subscribers: the secrets, what is made of them, and who checks what."""
