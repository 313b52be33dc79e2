"""The signature of a webhook: whoever has the secret can tell that a request is ours, and new."""

from __future__ import annotations

import hashlib
import hmac

SIGNATURE_HEADER = "X-Migrator-Signature"
TIMESTAMP_HEADER = "X-Migrator-Timestamp"
VERSION = "v1"


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """``v1=`` and the hex HMAC-SHA256, under the secret, of timestamp (Unix seconds), a full stop and the body."""
    signed = str(timestamp).encode("ascii") + b"." + body
    return f"{VERSION}={hmac.new(secret.encode('utf-8'), signed, hashlib.sha256).hexdigest()}"
