"""Networks and weights of the original repository."""
