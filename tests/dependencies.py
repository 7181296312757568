"""Holds the crates that Tidings is built from against what the project allows.

Reads the output of `cargo metadata` from standard input. Fails on a licence that is not allowed, a crate that does not
come from a registry, and a crate that must not be there. Does what cargo-deny does for these three, without minutes of
building it; security advisories are left to whoever has it.
"""

import json
import re
import sys

ALLOWED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "ISC",
    "MIT", "MIT-0", "Unicode-3.0", "Unicode-DFS-2016", "Unlicense", "Zlib",
    "CDLA-Permissive-2.0",  # the root certificates
    "MPL-2.0",  # asks for changes to its own files only
}
BANNED = {
    "native-tls": "TLS is rustls",
    "openssl-sys": "TLS is rustls",
    "aws-lc-sys": "rustls runs on ring, which needs no CMake",
    "serde_yml": "YAML is yaml_serde",
}


def allowed(expression):
    """Evaluates an SPDX expression; `/` is how old crates write OR."""
    tokens = re.findall(r"\(|\)|[^\s()/]+(?: WITH [^\s()/]+)?|/", expression)
    python = ["or" if t in ("OR", "/") else "and" if t == "AND" else t if t in "()" else str(t in ALLOWED) for t in tokens]
    return eval(" ".join(python), {"__builtins__": {}})  # nothing but True, False, and, or, ( and ) gets here


def problems(package):
    """What is wrong with one package, one sentence each."""
    licence = package["license"]
    if not licence or not allowed(licence):
        yield f"has the licence {licence or 'none'}"
    if not package["source"].startswith(("registry+", "sparse+")):
        yield f"comes from {package['source']}, not from a registry"
    if package["name"] in BANNED:
        yield f"must not be used: {BANNED[package['name']]}"


def main():
    metadata = json.load(sys.stdin)
    used = {node["id"] for node in metadata["resolve"]["nodes"]}
    packages = [p for p in metadata["packages"] if p["id"] in used and p["source"]]
    found = [f"{p['name']} {p['version']} {problem}" for p in packages for problem in problems(p)]
    print("\n".join(found) or f"{len(packages)} crates: licences and origins are as they should be")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
