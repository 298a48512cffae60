"""`nba bench serve`: this server beside a hand-written one, an echo, and other frameworks."""
