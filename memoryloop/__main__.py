"""The command `memoryloop`, which is `python -m memoryloop` as well.

Alone it serves and opens the browser, `memoryloop doctor` checks the machine, and every command of
manage.py is one of it: `memoryloop backup FILE`. Nothing is imported before it is known what is
wanted: the doctor has to run where Django or a package with compiled parts cannot be loaded.
"""

import sys

_OPEN = ["serve", "--open-browser"]


def main() -> None:
    if sys.platform == "win32":
        sys.exit(
            "MemoryLoop runs on Windows within WSL (Windows Subsystem for Linux) or Docker: "
            "install it there."
        )
    program, *words = sys.argv
    if words[:1] == ["manage"]:
        words = words[1:]
    elif words[:1] == ["doctor"]:
        from memoryloop import doctor

        sys.exit(doctor.main(words[1:]))
    # Options without a command are those of serving: `memoryloop --port 8010`.
    elif not words or (words[0].startswith("-") and words[0] not in {"-h", "--help", "--version"}):
        words = [*_OPEN, *words]
    if words[:1] == ["--version"]:
        from importlib.metadata import version

        sys.stdout.write(f"MemoryLoop {version('memoryloop')}\n")
        return
    from memoryloop.command_line import manage

    manage([program, *words])


if __name__ == "__main__":
    main()
