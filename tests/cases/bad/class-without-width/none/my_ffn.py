class Plain:
    def __init__(self):
        pass
