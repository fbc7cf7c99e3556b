"""The grid of images: filters, model, thumbnails, view. Imports studio through the bridge; no dialogs."""
