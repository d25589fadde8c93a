"""Reading: months, tickets, cells, counts."""
