"""What every benchmark does alike: time, tell its figures, be run with all others and shown on one page. No claim is here."""
