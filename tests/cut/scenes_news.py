"""Steps in which news come beside a message: directory with the policy and revocation list, newer
than what the villager has who hears them. Each cut has a villager of its own, that had no money
before it and has none after. Their rows are in SCENES (scenes.py).

What is heard is heard wholly, whatever becomes of the message beside it; the message is the same
bytes each time (the news beside it may be newer the next time)."""
from audit import message_of
from handing import finish_handover, receive_twice
from town import yuan
from trio import Job, read, there


def same_message(wrong, what, path, content):
    if there(path) and message_of(read(path)) != message_of(content):
        wrong.append(f"{what}: another message than before")


def knows_the_news(trio, wrong, who):
    """Told once more, by a file of news alone, there is nothing new in it."""
    news = trio.file("news")
    trio.must(trio.third, "outbox", "--news", "-o", news)
    heard = trio.must(who, "receive", news)
    if heard["news.directory"] is not False or heard["news.revocations"] is not False:
        wrong.append(f"the news that came beside the message are not known: {heard}")


def go_home(trio, wrong, villager):
    """What the villager has, it pays on."""
    held = trio.spendable(villager)
    if held > 0:
        trio.hand_over(villager, trio.third, held)
    if trio.spendable(villager) != 0:
        wrong.append(f"the villager keeps {yuan(trio.spendable(villager))}")


# ---- beside a request ----

def ready_pay(trio):
    """All that the villager has is asked for."""
    villager, request, out = trio.villager(), trio.file("request"), trio.file("packet")
    amount = trio.amount()
    trio.hand_over(trio.payer, villager, amount)
    made = trio.must(trio.payee, "request", yuan(amount), "--news", "-o", request)
    trio.ids[request] = made["id"]
    return Job(villager, "pay", request, "--news", "-o", out, out=out, request=request,
               payer=villager, payee=trio.payee)


def after_pay(trio, job, wrong):
    """Paid again it is the same packet, whether the news are beside it or not."""
    again = trio.file("packet")
    trio.must(job.who, "pay", job.request, "--news", "-o", again)
    same_message(wrong, "the packet that was cut", job.out, read(again))
    packet = trio.pay(job.who, job.request)
    same_message(wrong, "the packet without news", again, read(packet))
    trio.auditor.saw_packet(wrong, read(packet))
    knows_the_news(trio, wrong, job.who)
    trio.must(job.who, "receive", receive_twice(trio, wrong, job.payee, again))
    go_home(trio, wrong, job.who)


# ---- beside a packet ----

def ready_receive(trio):
    villager, packet, out = trio.villager(), trio.file("packet"), trio.file("receipt")
    request = trio.ask(villager, trio.amount())
    trio.must(trio.payer, "pay", request, "--news", "-o", packet)
    trio.handed += 1
    return Job(villager, "receive", packet, "-o", out, out=out, request=request, packet=packet)


def after_receive(trio, job, wrong):
    receipt = receive_twice(trio, wrong, job.who, job.packet)
    same_message(wrong, "the receipt that was cut", job.out, read(receipt))
    knows_the_news(trio, wrong, job.who)
    finish_handover(trio, wrong, job, job.request, trio.payer, job.who)
    go_home(trio, wrong, job.who)


# ---- beside a receipt ----

def ready_confirm(trio):
    villager, receipt, amount = trio.villager(), trio.file("receipt"), trio.amount()
    trio.hand_over(trio.payer, villager, amount)
    request = trio.ask(trio.payee, amount)
    packet = trio.pay(villager, request)
    trio.must(trio.payee, "receive", packet, "--news", "-o", receipt)
    return Job(villager, "receive", receipt, receipt=receipt, plan=trio.ids[request])


def after_confirm(trio, job, wrong):
    for _ in range(2):
        confirmed = trio.must(job.who, "receive", job.receipt)
        if confirmed["id"] != job.plan:
            wrong.append(f"the receipt of another payment: {confirmed}")
    knows_the_news(trio, wrong, job.who)
    go_home(trio, wrong, job.who)
