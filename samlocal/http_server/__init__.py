"""The HTTP server that all endpoints share: connections, limits, TLS, and an orderly stop."""
