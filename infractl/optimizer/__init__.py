"""From a model, a ladder of recipes, data and a gate to the best artifact that is proven good enough, or a refusal.

Every step that was tried is told. It knows no cloud, no placement and no money.
"""
