"""What code looks like in a project, and which slips of one token lead to what is there."""
