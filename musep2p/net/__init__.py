"""Sockets and discovery: carries bytes and says who is reachable."""
