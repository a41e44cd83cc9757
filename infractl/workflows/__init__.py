"""One module a user's verb: the only place that joins the stages. A workflow takes values and callbacks, and prints nothing."""
