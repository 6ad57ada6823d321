"""A host that announces peers that do not exist: `python rogue.py ADDRESS FARM COUNT FOREIGN`, until it is ended.

Each of the COUNT has an address of its own in ADDRESS's network, where nobody is; one more says FOREIGN, where a real
peer of the farm lives.
"""

import socket
import sys
import time

from zeroconf import DNSOutgoing
from zeroconf._dns import DNSAddress, DNSPointer, DNSService, DNSText

SERVICE = "_musep2p._tcp.local."
_ANSWER, _IN, _A, _PTR, _TXT, _SRV = 0x8400, 1, 1, 12, 16, 33


def announced(name, host, port, farm):
    """The packets of one announcement."""
    out = DNSOutgoing(_ANSWER)
    full, server = f"{name}.{SERVICE}", f"{name}.local."
    pairs = [b"v=1", f"id={name}".encode(), f"farm={farm}".encode()]
    for record in (
        DNSPointer(SERVICE, _PTR, _IN, 120, full),
        DNSService(full, _SRV, _IN, 120, 0, 0, port, server),
        DNSText(full, _TXT, _IN, 120, b"".join(bytes([len(pair)]) + pair for pair in pairs)),
        DNSAddress(server, _A, _IN, 120, socket.inet_aton(host)),
    ):
        out.add_answer_at_time(record, 0)
    return out.packets()


def main():
    address, farm, count, foreign = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    network = address.rsplit(".", 1)[0]
    talk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    talk.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    talk.bind((address, 5353))
    peers = [(f"{n:016x}", f"{network}.{100 + n % 150}", 20000 + n) for n in range(count)]
    peers.append(("f" * 16, foreign.split(":")[0], int(foreign.split(":")[1])))
    while True:
        for peer in peers:
            for packet in announced(*peer, farm):
                talk.sendto(packet, ("224.0.0.251", 5353))
        print("announced", flush=True)
        time.sleep(10)


if __name__ == "__main__":
    main()
