"""What changes between decisions: the roster of employees and what is known of customers."""
