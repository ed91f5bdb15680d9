"""Static files as they are served: named by their content, without comments and indentation."""

import re
from typing import IO, Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

_BLOCK_COMMENT = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*$", re.DOTALL | re.MULTILINE)


def lean(text: str, *, is_script: bool) -> str:
    """Return a stylesheet or script of this project without comments on lines of their own, blank
    lines and indentation.

    The other lines stay as they are. A script in which a template literal goes over several lines
    stays as a whole.
    """
    if is_script and any(line.count("`") % 2 for line in text.splitlines()):
        return text
    lines = (line.strip() for line in _BLOCK_COMMENT.sub("", text).splitlines())
    kept = [line for line in lines if line and not (is_script and line.startswith("//"))]
    return "\n".join(kept) + "\n"


class LeanStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped
    """Collects css/ and js/, which hold the project's own files, without comments."""

    def _save(self, name: str, content: IO[Any]) -> str:
        if name.startswith(("css/", "js/")) and name.endswith((".css", ".js")):
            # Whoever made the hash of the name has read it.
            content.seek(0)
            source = content.read()
            text = source if isinstance(source, str) else source.decode()
            content = ContentFile(lean(text, is_script=name.endswith(".js")).encode())
        return str(super()._save(name, content))
