"""The practice folder: settings, records on disk, and what is amiss across them."""
