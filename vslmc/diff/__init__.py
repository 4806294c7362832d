"""What differs between two plans, and what the difference costs."""
