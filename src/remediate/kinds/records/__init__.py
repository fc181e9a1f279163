"""Record sets of Cloud DNS: their data, their rules, and what becomes of a whole zone of them."""
