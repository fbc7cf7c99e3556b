"""The training tab: readiness, one button, the answer, its table, its mistakes, earlier runs. Qt and studio only."""
