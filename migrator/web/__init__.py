"""What we add to Flower."""
