"""Keys and certificates for one test: signers of messages, and a small authority for TLS."""

from __future__ import annotations

import datetime
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID


class Certified:
    """A key and its certificate, in two files."""

    def __init__(self, place: Path, name: str, issuer: Certified | None = None, passphrase: str | None = None) -> None:
        place.mkdir(parents=True, exist_ok=True)
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key, self.certificate = place / f"{name}.key", place / f"{name}.crt"
        lock = (
            serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
        )
        self.key.touch(mode=0o600)
        self.key.write_bytes(
            self.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
        )
        self.certificate.write_bytes(self._signed_by(issuer).public_bytes(serialization.Encoding.PEM))

    def _signed_by(self, issuer: Certified | None) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        who = issuer or self
        built = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(who.name)
            .public_key(self.private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        )
        if issuer is not None:
            names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
            built = built.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return built.sign(who.private, hashes.SHA256())
