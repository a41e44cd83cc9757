"""The parts of the suites. Import `ProviderSuite` and the store suites from the modules above."""
