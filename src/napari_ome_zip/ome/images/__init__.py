"""Images: their axes, levels and transformations, display settings and labels."""
