"""Drawing: a document of layers, its tools, the canvas that shows it, and masks painted by the same."""
