"""UserError: the base of every error that people read."""


class UserError(Exception):
    """Something cannot be done. `sentence` is one plain sentence for people that says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
