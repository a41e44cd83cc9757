"""What goes over a wire or a file to a serving process: Open Inference Protocol bodies, its settings file, its control socket."""
