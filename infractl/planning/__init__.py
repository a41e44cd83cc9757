"""Pure decisions about change: what differs and why, in which order it is mended, the saved plan's format. No I/O."""
