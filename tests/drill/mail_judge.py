"""Judge one message (standard input) by dkimpy, pyspf and authheaders; the verdicts as JSON.

Runs in an environment of its own: `mail_judge.py ADDRESS HELO SENDER`, being who handed it over.
"""

from __future__ import annotations

import json
import sys

import authheaders
import dkim
import spf


def _verifies(message: bytes, place: int) -> bool:
    """Tell whether dkimpy verifies the signature at a place."""
    try:
        return bool(dkim.DKIM(message).verify(idx=place))
    except dkim.ValidationError:
        return False


def main() -> None:
    """Print what each judge says."""
    message = sys.stdin.buffer.read()
    address, helo, sender = sys.argv[1:]
    headers, _ = dkim.rfc822_parse(message)
    signatures = [name for name, _ in headers if name.lower() == b"dkim-signature"]
    chain, seals, said = dkim.arc_verify(message)
    results = authheaders.authenticate_message(
        message,
        "judge.test",
        ip=address,
        mail_from=sender,
        helo=helo,
        spf=True,
        dkim=True,
        arc=True,
    )
    verdicts = {
        "dkim": [_verifies(message, place) for place in range(len(signatures))],
        "arc": chain.decode(),
        "arc_said": said,
        "seals": len(seals),
        "spf": spf.check2(i=address, s=sender, h=helo)[0],
        "authheaders": results,
    }
    print(json.dumps(verdicts))


if __name__ == "__main__":
    main()
