"""For authors of plugins: suites that hold a provider or a store against its contract, a reference provider, and faults.

Public, and never imported by infractl itself. It needs pytest: `pip install 'infractl[testing]'`.
"""
