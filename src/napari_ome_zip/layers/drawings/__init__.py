"""Points, shapes, tracks, vectors and surfaces as plain arrays and JSON, and back."""
