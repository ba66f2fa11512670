"""What hands do on the canvas, without Qt: gestures as generators, and AI tools made from manifests."""
