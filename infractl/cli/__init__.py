"""The command line, one module a verb: parse, call one workflow, render, exit. No decision is made here."""
