"""Three hosts on one machine: a link that is cut in the middle of a training ends the run, which then goes on to the same bytes.

    Tests/mpi/hosts.py NN_MPI NN_CLI [--mpirun WORDS] [--cuts N]

Each host is a network namespace with a name of its own, and a cable (veth) to a switch (bridge). A cut cable loses packets and
says nothing. Root alone may do that. WORDS are those for one host; what MPI needs for three is added here.
"""

import os
import random
import re
import subprocess
import tempfile
import time
from pathlib import Path

from common import DataSet, Programs
from failures import check, said

HOSTS = [1, 2, 3]
SWITCH = "nn-mpi-switch"
AGENT = Path(__file__).resolve().parent / "host-agent.sh"
ADDRESSES = [f"10.77.31.{host}" for host in HOSTS]
LIMIT = 30  # seconds from the cut to the end

# OpenMPI's mpirun looks itself whether its hosts are there: after 2 s of silence, then 4 times each 4 s (docs/CLUSTER.md).
OPENMPI = [
    "--mca", "plm_rsh_agent", AGENT, "--host", ",".join(ADDRESSES), "--mca", "oob_tcp_keepalive_time", 2,
    "--mca", "oob_tcp_keepalive_intvl", 4, "--mca", "oob_tcp_keepalive_probes", 4,
]  # fmt: skip
MPICH = ["-launcher", "rsh", "-launcher-exec", AGENT, "-hosts", ",".join(ADDRESSES)]


def ip(*words):
    subprocess.run(["ip", *map(str, words)], check=True)


class Network:
    def __enter__(self):
        self.__exit__()
        ip("netns", "add", SWITCH)
        ip("-n", SWITCH, "link", "add", "name", "switch", "type", "bridge")
        ip("-n", SWITCH, "link", "set", "switch", "up")
        for host, address in zip(HOSTS, ADDRESSES):
            name = f"nn-mpi-{host}"
            ip("netns", "add", name)
            ip("link", "add", "cable", "netns", name, "type", "veth", "peer", "name", f"port{host}", "netns", SWITCH)
            self.join(host)
            ip("-n", SWITCH, "link", "set", f"port{host}", "up")
            ip("-n", name, "address", "add", f"{address}/24", "dev", "cable")
            ip("-n", name, "link", "set", "cable", "up")
            ip("-n", name, "link", "set", "lo", "up")
        return self

    def cut(self, host):
        ip("-n", SWITCH, "link", "set", f"port{host}", "nomaster")

    def join(self, host):
        ip("-n", SWITCH, "link", "set", f"port{host}", "master", "switch")

    def processes(self, host):
        run = subprocess.run(["ip", "netns", "pids", f"nn-mpi-{host}"], capture_output=True, text=True)
        return [int(word) for word in run.stdout.split()]

    def __exit__(self, *_):
        for name in [*(f"nn-mpi-{host}" for host in HOSTS), SWITCH]:
            if Path(f"/run/netns/{name}").exists():
                for process in self.processes(name.removeprefix("nn-mpi-")):
                    os.kill(process, 9)
                ip("netns", "delete", name)


class Hosts(Programs):
    def add_arguments(self, parser):
        parser.add_argument("--cuts", type=int, default=3)

    def start(self, *words, folder):
        """A run of nn-mpi on one rank per host."""
        version = self.run([self.mpirun[0], "--version"]).stdout
        hosts = OPENMPI if re.search("Open MPI|OpenRTE", version) else MPICH
        # UCX, of MPICH, would find that all hosts have the same memory.
        words = [*self.mpirun, *hosts, "-n", len(HOSTS), self.nn_mpi, *words]
        return subprocess.Popen(
            [AGENT, ADDRESSES[0], *map(str, words)], cwd=folder, env=self.environment | {"UCX_TLS": "tcp,self"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def ranks_left(self, network):
        def is_rank(process):
            try:
                return os.readlink(f"/proc/{process}/exe") == os.path.realpath(self.nn_mpi)
            except OSError:
                return False

        return [process for host in HOSTS for process in network.processes(host) if is_rank(process)]


def finish(run, what):
    answer, _ = run.communicate(timeout=600)
    check(run.returncode == 0, f"{what}: expected exit code 0, got {run.returncode}", answer)


def check_cut(programs, network, folder, words, seconds, host):
    """Cuts the cable of a host at any time in the middle. Returns the seconds until the run has ended."""
    run = programs.start(*words, "-o", "run.nnk", "--checkpoint", "run.nnc", folder=folder)
    while not (folder / "run.nnc").exists() and run.poll() is None:
        time.sleep(0.05)
    time.sleep(random.uniform(0.1, 0.5) * seconds)
    network.cut(host)
    began = time.monotonic()
    answer, _ = run.communicate(timeout=300)
    took = time.monotonic() - began
    what = f"the cable of host {host} is cut"
    line = said(answer, what)
    # Rank 0, on the first host, loses all others if the cable is its own.
    check("nothing has come from it for 1" in line, f"{what}: expected who is lost", answer)
    check(host == 1 or f"rank {host - 1} on node{host}:" in line, f"{what}: expected its name", answer)
    check(run.returncode != 0, f"{what}: expected a failure", answer)
    check(took <= LIMIT, f"{what}: the run ended after {took:.0f} s, expected {LIMIT}", answer)
    check((folder / "run.nnc").exists() and not (folder / "run.nnk").exists(), f"{what}: expected a checkpoint", answer)
    for _ in range(400):
        if not programs.ranks_left(network):
            break
        time.sleep(0.1)
    check(not programs.ranks_left(network), f"{what}: expected no ranks 40 s after the end", answer)
    network.join(host)
    return took, run.returncode


def main():
    programs = Hosts(__doc__.splitlines()[0])
    seed = random.randrange(1 << 32)
    random.seed(seed)
    print(f"hosts in network namespaces, seed {seed}")
    with tempfile.TemporaryDirectory() as name, Network() as network:
        folder = Path(name)
        DataSet.drawn(400).write_shards(folder / "set", [20, 21, 145])
        words = ["train", "set", "--iterations", 150, "--method", "primal", "--precision", "f32"]
        began = time.monotonic()
        finish(programs.start(*words, "-o", "whole.nnk", folder=folder), "a run on three hosts")
        seconds = time.monotonic() - began
        took, codes = [], set()
        for turn in range(programs.cuts):
            time_taken, code = check_cut(programs, network, folder, words, seconds, HOSTS[-1 - turn % len(HOSTS)])
            took.append(time_taken)
            codes.add(code)
            resumed = [*words, "-o", "run.nnk", "--checkpoint", "run.nnc", "--resume"]
            finish(programs.start(*resumed, folder=folder), "a run that goes on")
            check((folder / "run.nnk").read_bytes() == (folder / "whole.nnk").read_bytes(), "expected the same bytes", "")
            (folder / "run.nnk").unlink()
    ends = f"{min(took):.0f} to {max(took):.0f} s"
    print(f"{len(took)} cut links ended the run with a message in {ends}, with exit codes {sorted(codes)}; all went on to the same bytes")


if __name__ == "__main__":
    main()
