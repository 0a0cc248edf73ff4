"""Plates of a high-content screen: rows, columns, acquisitions, wells and their fields of view."""
