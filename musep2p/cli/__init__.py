"""The command line: a client of a peer."""
