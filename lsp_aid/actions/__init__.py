"""What the editor's light bulb offers: one file per code action."""
