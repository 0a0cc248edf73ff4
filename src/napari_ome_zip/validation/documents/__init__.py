"""Rules on metadata documents: one module per object of the specification."""
