"""Small networks in the forms of real families, each computing a picture function that is known exactly."""
