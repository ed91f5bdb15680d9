"""Sounds for tests: small files that are what they say, and some that are not."""

import io
import wave


def wav(level: int = 0, seconds: float = 0.1) -> bytes:
    """Return a sound that browsers play: another for each level, 0 to 255."""
    stream = io.BytesIO()
    with wave.open(stream, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8_000)
        sound.writeframes(bytes([level]) * int(8_000 * seconds))
    return stream.getvalue()


def mp3(number: int = 0) -> bytes:
    """Return the beginning of an MP3: a tag and a frame."""
    return b"ID3\x03\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" + bytes([number]) * 400
