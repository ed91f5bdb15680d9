"""What a collection's file is, by the extension of its name."""

AUDIO = {"mp3", "ogg", "oga", "opus", "wav", "m4a", "aac", "flac", "spx", "3gp", "wma", "weba"}
VIDEO = {"mp4", "webm", "mkv", "avi", "mov", "mpg", "mpeg", "ogv", "flv", "m4v", "wmv"}
IMAGES = {"png", "jpg", "jpeg", "gif", "webp"}


def kind_of(name: str) -> str:
    """Return "images", "audio", "video" or "other"."""
    extension = name.rpartition(".")[2].lower()
    for kind, extensions in (("images", IMAGES), ("audio", AUDIO), ("video", VIDEO)):
        if extension in extensions:
            return kind
    return "other"
