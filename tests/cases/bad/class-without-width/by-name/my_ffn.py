class Plain:
    def __init__(self, *, width):
        pass
