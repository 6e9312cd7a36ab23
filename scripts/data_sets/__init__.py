"""The public sets: what they hold, how they are checked and built. Only the prepare scripts use it."""
