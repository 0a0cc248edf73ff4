"""Rules on how the documents of one hierarchy fit together: one module per relation."""
