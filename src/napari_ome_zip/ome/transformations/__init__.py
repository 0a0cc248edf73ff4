"""Coordinate transformations: the model of each kind, its reader and its writer."""
