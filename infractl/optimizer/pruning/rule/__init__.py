"""How each operator hands channels on, a module for each sort of operators. An operator without a rule keeps what it touches."""
