"""Where and how a service runs: service time, queueing, memory, cost, the choice and its reasons. Pure: values in, values out."""
