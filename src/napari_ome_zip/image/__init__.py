"""From a store to a composite image: placed, lazy parts in one display coordinate system."""
