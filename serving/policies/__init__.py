"""What is served: policy files, and who gets which."""
