"""One module a claim, measured beside a peer or a limit in the same run. What they share is in `harness`."""
