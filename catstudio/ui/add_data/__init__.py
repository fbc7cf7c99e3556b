"""The panel that brings data in: one page a source, built from what the source declares. Qt and studio only."""
