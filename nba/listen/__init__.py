"""Listen: what a contact tells, what came back for it, and the log that joins both."""
