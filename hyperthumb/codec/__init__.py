"""From photograph to thumbnail file and back."""
