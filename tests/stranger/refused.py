"""Verdicts: a refusal is one status. The order is that of PROTOCOL.md section 8.5."""

ORDER = (
    "limit parse canonical version network kind range issuer twice chain sum point register_output "
    "certificate signature duplicate certificate_date revoked hops depth payment_limit spend_by "
    "directory_date clock restored request_unknown request_amount seen conflict order"
).split()


class Refused(Exception):
    """Why something is not taken."""

    def __init__(self, status):
        super().__init__(status)
        assert status in ORDER, status
        self.status = status


def refuse_if(wrong, status):
    if wrong:
        raise Refused(status)


def fault_of(action, *arguments):
    """The status with which an action refuses; None if it does not."""
    try:
        action(*arguments)
    except Refused as refused:
        return refused.status
    return None


def refuse_first(faults):
    """Of several verdicts (None: no fault) the first in order is the answer."""
    faults = [fault for fault in faults if fault]
    if faults:
        raise Refused(min(faults, key=ORDER.index))
