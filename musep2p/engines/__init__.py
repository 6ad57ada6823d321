"""One file an engine; each turns a task's parameters into bytes and knows nothing of peers."""
