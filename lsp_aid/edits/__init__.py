"""From what a reply says to changes of files, and from those to minimal edits. Pure."""
