"""What a plan costs: parameters, FLOPs, memory, and the table that shows them."""
