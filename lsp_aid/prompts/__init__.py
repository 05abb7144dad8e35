"""What is said to models: templates as functions from plain values to text. Pure, shared by serving and training."""
