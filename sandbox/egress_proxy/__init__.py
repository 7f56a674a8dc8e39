"""What the mitmproxy addon beside this package is made of."""
