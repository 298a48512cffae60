"""What the server does, one use a file: each takes the server's parts and a call, and answers."""
