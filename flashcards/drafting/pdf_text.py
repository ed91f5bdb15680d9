"""The PDF reader: a separate process with limits, `python -m flashcards.drafting.pdf_text`.

A hostile PDF may take endless time and memory: the limits then end this process and nothing else.
It takes the file on standard input and answers with one line of JSON: {"pages": [texts]} or
{"refused": reason}. It does not import Django.
"""

import contextlib
import io
import json
import logging
import resource
import sys

SECONDS_MOST = 30
MEMORY_MOST = 1 << 30
PAGES_MOST = 500
CHARACTERS_MOST = 2_000_000


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_MOST, SECONDS_MOST))
    # macOS has no such limit: there the one of processor time has to do.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MOST, MEMORY_MOST))
    logging.disable(logging.CRITICAL)
    sys.stdout.write(json.dumps(read(sys.stdin.buffer.read())))


def read(content: bytes) -> dict[str, object]:
    """Return the text of each page, or the reason why not: "broken", "encrypted" or "pages"."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        # A PDF that only forbids printing has an empty password.
        if reader.is_encrypted and not reader.decrypt(""):
            return {"refused": "encrypted"}
        count = len(reader.pages)
        if count > PAGES_MOST:
            return {"refused": "pages", "count": count}
        pages: list[str] = []
        length = 0
        for page in reader.pages:
            pages.append((page.extract_text() or "").strip())
            length += len(pages[-1])
            if length > CHARACTERS_MOST:
                break
    except MemoryError:
        return {"refused": "broken"}
    except (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        # Broken in one of the many ways that a PDF can be.
        return {"refused": "broken"}
    except (RecursionError, NotImplementedError, OSError, ArithmeticError, ImportError):
        return {"refused": "encrypted" if b"/Encrypt" in content else "broken"}
    return {"pages": pages}


if __name__ == "__main__":
    main()
