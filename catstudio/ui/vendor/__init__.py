"""The wizard for data sets from elsewhere: labels, risks, and only then the images. Imports Qt."""
