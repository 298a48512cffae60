"""What must not be lost: segments on disk, records in them, and the index over them."""
