"""A fleet far larger than this machine, from what one migration was measured to cost. Pure but for its commands."""
