"""Charts of the report, drawn by pyqtgraph in the theme's colours. Imports it on first need."""
