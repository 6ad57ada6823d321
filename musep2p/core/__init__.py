"""The protocol as a pure state machine: events in, effects out. No I/O, no clock, no randomness of its own."""
