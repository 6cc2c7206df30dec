# SPDX-License-Identifier: GPL-2.0-only
"""The daemon killed and started again with a full table, under counted traffic."""
import machine
import packets


class Wire(packets.Wire):
    """
    Seconds from the start of the new daemon until it answers on its control socket, and what was
    lost from before the kill until after that, besides what the devices' queues dropped.
    """

    ROUNDS = "long_rounds"
    UNCERTAINTY = 0.3
    FEW = 3

    def measure(self):
        """One round, a dictionary."""
        before, drops = sum(self.sink.ask("count")["cpus"]), self.drops()
        with self.sending() as sent:
            self.vtep.kill()
            self.vtep.start()
        sent = sum(sent)
        arrived = sum(self.counted(before + sent)) - before
        queued = self.drops() - drops
        return {"value": self.vtep.load_seconds, "lost_packets": sent - arrived - queued,
                "queue_drops": queued, "sent": sent,
                "rss_mb": machine.resident_mb(self.vtep.pid())}

    def finish(self):
        pass  # what is not accounted for is what this row reports
