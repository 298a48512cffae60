"""The journal becomes the log that learning and evaluation read; the server never loads this."""
