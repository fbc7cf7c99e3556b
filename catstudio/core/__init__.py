"""What a dataset is: types, project folder, SQLite store, files, lineage, changes. Imports no Qt, torch or numpy."""
