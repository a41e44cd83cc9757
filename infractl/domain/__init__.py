"""The values that travel between rooms: frozen, one noun a file, no I/O. What stays inside one room lives there instead."""
