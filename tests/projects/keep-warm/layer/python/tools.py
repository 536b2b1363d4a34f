LAYER = "first"
