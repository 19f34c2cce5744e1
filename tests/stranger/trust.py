"""Directory, revocation list, certificates and requests (PROTOCOL.md 4.6)."""

from functools import lru_cache

from refused import fault_of, refuse_first, refuse_if
from signing import check_signature, key_id, key_is_valid, open_signed, read, verifies


class Directory:
    """An open directory: whom a verifier believes."""

    def __init__(self, fields, banks, network):
        self.fields, self.network = fields, network
        self.banks = {bank["bank_id"]: bank for bank in banks}
        self.vaults = {bank["vault_key"]: bank for bank in banks}
        self.issuing = {key_id(key): key for key in fields["issuing_keys"]}
        self.register_key = fields["register_key"]
        self.policy = fields["policy"]

    def certified(self, certificate):
        """Whether the bank that a wallet certificate names signed it."""
        bank = self.banks.get(certificate.fields["bank_id"])
        return bank is not None and verifies(
            certificate.signed, self.network, "wallet_certificate", bank["bank_key"])


def opened_banks(certificates, network, root_key):
    banks, last = [], 0
    for certificate in certificates:
        opened = read(certificate, network, "bank_certificate")
        check_signature(opened, network, root_key)
        refuse_if(opened.fields["bank_id"] <= last, "canonical")
        last = opened.fields["bank_id"]
        banks.append(opened.fields)
    return banks


@lru_cache(maxsize=None)
def open_directory(data, network, root_key):
    refuse_if(not key_is_valid(root_key), "point")
    fields = open_signed(data, network, "directory", root_key).fields
    banks = opened_banks(fields["bank_certificates"], network, root_key)
    keys = [root_key, *fields["issuing_keys"], fields["register_key"], fields["revocation_key"]]
    keys += [bank[name] for bank in banks for name in ("bank_key", "vault_key")]
    refuse_if(not all(map(key_is_valid, keys)), "point")
    refuse_if(len(set(keys)) != len(keys), "range")
    return Directory(fields, banks, network)


def open_revocations(data, directory, held_version):
    """The fields of a list that a verifier takes who holds one of held_version."""
    key = directory.fields["revocation_key"]
    fields = open_signed(data, directory.network, "revocations", key).fields
    ids = [entry["key_id"] for entry in fields["entries"]]
    refuse_if(any(later <= earlier for earlier, later in zip(ids, ids[1:])), "canonical")
    refuse_if(fields["version"] < held_version, "version")
    return fields


def good_certificate(signed, directory):
    certificate = read(signed, directory.network, "wallet_certificate")
    refuse_if(not key_is_valid(certificate.fields["wallet_key"]), "point")
    refuse_if(not directory.certified(certificate), "certificate")
    return certificate


def certified_payee(payee_key, shown, directory):
    """shown: the COSE_Sign1 of the certificate shown with a request, or None."""
    if shown is None:
        refuse_if(payee_key not in directory.vaults, "certificate")
    else:
        certificate = good_certificate(shown, directory)
        refuse_if(certificate.fields["wallet_key"] != payee_key, "certificate")


def good_request(signed, shown, directory):
    network = directory.network
    request_fault = fault_of(read, signed, network, "request")
    certificate_fault = fault_of(good_certificate, shown, directory) if shown else None
    refuse_first([request_fault, certificate_fault])
    request = read(signed, network, "request")
    payee_key = request.fields["payee_key"]
    certified_payee(payee_key, shown, directory)
    refuse_if(not verifies(signed, network, "request", payee_key), "signature")
    return request
