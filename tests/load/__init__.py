"""Load: many events at once, and a steady stream of them for a long time."""
