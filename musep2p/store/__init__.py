"""Objects, record logs, the journal and the layout of the shared store. Knows files, not peers."""
