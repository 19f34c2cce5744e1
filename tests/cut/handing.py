"""What people do after a cut until a payment is handed over and known to both."""
from trio import read, same


def receive_twice(trio, wrong, who, packet):
    """The payee takes it, and shown again (by chance) the receipt is the same. Its file's name."""
    first, second = trio.file("receipt"), trio.file("receipt")
    trio.must(who, "receive", packet, "-o", first)
    if trio.again():
        trio.must(who, "receive", packet, "-o", second)
        same(wrong, "the receipt", second, read(first))
    return first


def finish_handover(trio, wrong, job, request, payer, payee):
    """From a request to the payer's knowing; each step by chance once more. The files of packet
    and receipt."""
    first, second = trio.pay(payer, request), trio.file("packet")
    if trio.again():
        trio.must(payer, "pay", request, "-o", second)
        same(wrong, "the packet, shown again", second, read(first))
    if job.out is not None and job.out.endswith(".packet"):
        same(wrong, "the packet that was cut", job.out, read(first))
    trio.auditor.saw_packet(wrong, read(first))
    receipt = receive_twice(trio, wrong, payee, first)
    trio.must(payer, "receive", receipt)
    if trio.again():
        trio.must(payer, "receive", receipt)
    return first, receipt
