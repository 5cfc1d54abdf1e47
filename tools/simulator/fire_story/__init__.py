"""The story of one fire, from the sensor to the after-action review, over HTTP; and the page that tells it."""
