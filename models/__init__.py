"""PyTorch scripts that train and export the networks; they never import the editor."""
