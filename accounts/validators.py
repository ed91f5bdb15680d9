"""Password validators: Django's, with sentences that say what to do."""

from django.contrib.auth import password_validation


class NotLikeTheAccount(password_validation.UserAttributeSimilarityValidator):
    def __init__(self) -> None:
        super().__init__(user_attributes=("email", "name"))

    def get_error_message(self) -> str:
        return "This is too similar to your %(verbose_name)s. Choose something different."

    def get_help_text(self) -> str:
        return "It must not be like your name or email address."


class LongEnough(password_validation.MinimumLengthValidator):
    def get_error_message(self) -> str:
        return f"Use at least {self.min_length} characters."

    def get_help_text(self) -> str:
        return f"At least {self.min_length} characters; a few words in a row are good."


class NotCommon(password_validation.CommonPasswordValidator):
    def get_error_message(self) -> str:
        return "This is one of the first passwords anybody would try. Choose a less common one."

    def get_help_text(self) -> str:
        return "It must not be a password that many people use."


class NotOnlyDigits(password_validation.NumericPasswordValidator):
    def get_error_message(self) -> str:
        return "Use some letters too, not only digits."

    def get_help_text(self) -> str:
        return "It must have more than digits in it."
