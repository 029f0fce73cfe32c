"""What carries pushes to terminals, and their requests to the gateway: datagrams, WSP, SMS."""
