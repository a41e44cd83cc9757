"""What the quantizing passes share: which layers can be, which of them suffer, and the libraries that do it."""
