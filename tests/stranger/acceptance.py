"""Whether a genuine packet is acceptable: duplicate, and checks 8 to 10 (PROTOCOL.md 5.3, 5.4)."""

from refused import Refused, refuse_if
from signing import key_id

DAY_SECONDS = 86400


def check_duplicate(packet, receipt):
    """receipt: the fields of one that was given before."""
    leaves = [link.payment for link in packet.leaf_links()]
    named = {leaf.fields["reference"] for leaf in leaves}
    ids = sorted(leaf.id for leaf in leaves)
    if named == {receipt["request_id"]} and ids == sorted(receipt["payment_ids"]):
        raise Refused("duplicate")


class Acceptance:
    """One genuine packet before one payee or payer; request is the open one, or None."""

    def __init__(self, packet, directory, request, revoked, held, now):
        self.packet, self.directory, self.request = packet, directory, request
        self.revoked, self.held, self.now = revoked, held, now
        self.today = now // DAY_SECONDS
        self.leaves = packet.leaf_links()
        payee = request.fields["payee_key"] if request else None
        self.paid = [coin for link in self.leaves for coin in link.made if coin.owner_key == payee]
        self.sum = sum(coin.amount for coin in self.paid)
        self.certificates = {certificate.fields["wallet_key"]: certificate.fields
                             for certificate in packet.certificates}

    def check(self, role, online):
        """In the order of the table."""
        self.check_coins()
        self.check_dates()
        self.check_revoked()
        self.check_hops()
        self.check_depth()
        self.check_payment_limit(online)
        self.check_spend_by()
        refuse_if(self.now > self.directory.fields["not_after"], "directory_date")
        refuse_if(role == "payee" and self.now < self.held.newest_signed_time, "clock")
        refuse_if(self.held.restored, "restored")
        self.check_request(role)
        if role == "payee":
            refuse_if(any((coin.serial, coin.coin_id) in self.held.coins for coin in self.paid),
                      "seen")
            self.check_conflict()

    def check_coins(self):
        refuse_if(self.request and len(self.leaves) > self.request.fields["coins_max"], "limit")

    def certificate_of(self, key):
        """A wallet certificate; for a vault key its bank's."""
        return self.directory.vaults.get(key) or self.certificates[key]

    def check_dates(self):
        for link in self.leaves:
            certificate = self.certificate_of(link.coin.owner_key)
            in_time = certificate["not_before_day"] <= self.today <= certificate["not_after_day"]
            refuse_if(not in_time, "certificate_date")

    def check_revoked(self):
        for link in self.packet.links:
            signer = link.coin.owner_key
            bank = self.directory.banks[self.certificate_of(signer)["bank_id"]]
            named = {key_id(signer), key_id(bank["bank_key"]),
                     link.coin.token.fields["issuing_key_id"]}
            refuse_if(named & self.revoked, "revoked")

    def check_hops(self):
        if self.request:
            most = min(self.request.fields["hops_max"], self.directory.policy["hops_max"])
            refuse_if(any(coin.hops > most for coin in self.paid), "hops")

    def check_depth(self):
        deepest = max(coin.depth for link in self.leaves for coin in link.made)
        refuse_if(deepest > self.directory.policy["depth_max"], "depth")

    def in_elements(self):
        """Secure elements hold the keys of all who sign a leaf."""
        signers = {link.coin.owner_key for link in self.leaves}
        return all(self.certificates.get(signer, {}).get("holder") == 1 for signer in signers)

    def check_payment_limit(self, online):
        signers = {link.coin.owner_key for link in self.leaves} - set(self.directory.vaults)
        limits = [self.certificates[signer]["limits"]["payment_max"] for signer in signers]
        if not online:
            limits.append(self.directory.policy[
                "element_payment_max" if self.in_elements() else "offline_payment_max"])
        refuse_if(any(self.sum > limit for limit in limits), "payment_limit")

    def check_spend_by(self):
        days = [token.fields["spend_by_day"] for token in self.packet.tokens]
        refuse_if(any(self.today > day for day in days), "spend_by")

    def check_request(self, role):
        refuse_if(self.request is None, "request_unknown")
        references = {link.payment.fields["reference"] for link in self.leaves}
        refuse_if(references != {self.request.id}, "request_unknown")
        late = self.now > self.request.fields["expires_at"]
        refuse_if(role == "payer" and late, "request_unknown")
        refuse_if(self.sum != self.request.fields["amount"], "request_amount")
        refuse_if(any(self.paid_by(link) == [] for link in self.leaves), "request_amount")

    def paid_by(self, link):
        return [coin for coin in link.made if coin in self.paid]

    def check_conflict(self):
        for link in self.packet.links:
            other = self.held.payments.get((link.coin.serial, link.coin.coin_id))
            refuse_if(other not in (None, link.payment.id), "conflict")
