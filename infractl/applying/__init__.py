"""Makes a plan so: reads what lives, settles what an earlier run left open, executes steps in parallel, waits and reads back."""
