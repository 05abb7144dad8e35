"""Code evaluation: shadows of a workspace, built in a sandbox."""
