"""What specs are made of: types, rules, spellings, and patterns over their fields."""
