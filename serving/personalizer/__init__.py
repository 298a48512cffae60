"""Azure Personalizer's wire format: what its applications send, as decisions of this server."""
