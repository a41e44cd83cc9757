"""Where infractl remembers: the store contracts, the versioned documents, and the local stores with their lock and journal."""
