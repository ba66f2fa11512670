"""Documents, tiles, history and the raster engine: no Qt, no onnxruntime, no file formats."""
