"""Three hosts on one machine: a link that is cut in the middle of a training ends the run, which then goes on to the same bytes.

    Tests/mpi/hosts.py NN_MPI NN_CLI TEST_RANKS [--mpirun WORDS] [--cuts N]

Each host is a network namespace with a name of its own, and a cable (veth) to a switch (bridge). A cut cable loses packets and
says nothing. A pair of hosts may also lose each other alone. Root alone may do that. WORDS are those for one host; what MPI needs for three is added here.
"""

import os
import random
import re
import struct
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path

from common import DataSet, Programs
from failures import check, said

HOSTS = [1, 2, 3]
SWITCH = "nn-mpi-switch"
AGENT = Path(__file__).resolve().parent / "host-agent.sh"
ADDRESSES = [f"10.77.31.{host}" for host in HOSTS]
LIMIT = 30  # seconds from the cut to the end
ITERATIONS = 150

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

    def part(self, hosts, apart=True):
        """The switch passes nothing on between these hosts."""
        for host in hosts:
            ip("-n", SWITCH, "link", "set", f"port{host}", "type", "bridge_slave", "isolated", "on" if apart else "off")

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
        parser.add_argument("test_ranks", type=os.path.abspath)
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


def iteration(checkpoint):
    """The iterations that are done in a checkpoint (docs/FORMAT.md); 0 if there is none."""
    try:
        with checkpoint.open("rb") as file:
            return struct.unpack_from("<I", file.read(112), 108)[0]
    except FileNotFoundError:
        return 0


def check_cut(programs, folder, words, what, cut, expected):
    """Cuts a link at any time in the middle. Returns the seconds until the run has ended, and its exit code."""
    run = programs.start(*words, "-o", "run.nnk", "--checkpoint", "run.nnc", folder=folder)
    middle = random.randrange(ITERATIONS // 10, ITERATIONS // 2)
    while iteration(folder / "run.nnc") < middle and run.poll() is None:
        time.sleep(0.005)
    time.sleep(random.uniform(0, 0.1))  # the file has just been written
    cut()
    began = time.monotonic()
    answer, _ = run.communicate(timeout=300)
    took = time.monotonic() - began
    line = said(answer, what)
    check(re.search(expected, line), f"{what}: expected {expected}", answer)
    check(run.returncode != 0, f"{what}: expected a failure", answer)
    check(took <= LIMIT, f"{what}: the run ended after {took:.0f} s, expected {LIMIT}", answer)
    check((folder / "run.nnc").exists() and not (folder / "run.nnk").exists(), f"{what}: expected a checkpoint", answer)
    return took, run.returncode


def wait_until_none_is_left(programs, network):
    """Returns the seconds that it took. Ranks that were cut off while rank 0 wrote a file wait for it for 5 minutes
    (docs/CLUSTER.md)."""
    began = time.monotonic()
    while programs.ranks_left(network):
        assert time.monotonic() - began < 330, "expected no ranks 330 s after the end"
        time.sleep(0.1)
    return time.monotonic() - began


def cuts(network, count):
    """What is cut, how, how it is mended, and what is said."""
    silent = "nothing has come from it for 1"
    for turn in range(count):
        host = HOSTS[-1 - turn % len(HOSTS)]
        # Rank 0, on the first host, loses all others if the cable is its own.
        expected = silent if host == 1 else f"rank {host - 1} on node{host}: {silent}"
        yield f"the cable of host {host}", partial(network.cut, host), partial(network.join, host), expected
    expected = "rank [12] on node[23](, and rank 2 on node3)?: no data has come from another rank for 20 seconds"
    for _ in range(count // len(HOSTS)):
        yield "the link of hosts 2 and 3", partial(network.part, [2, 3]), partial(network.part, [2, 3], False), expected


def check_large_machine(programs):
    """All 22 ranks of the first machine are lost: of those of the two other machines, one alone prints."""
    words = [*programs.mpirun, "-n", 26, AGENT.with_name("machine-of-rank.sh"), programs.test_ranks, "hang", 22]
    run = programs.run(words)
    answer, what = run.stdout + run.stderr, "a machine of 22 ranks is lost"
    expected = "nn-mpi: rank 0 on machine0: nothing has come from it for 16 seconds"
    check(said(answer, what).startswith(expected), f"{what}: expected {expected}", answer)
    check(run.returncode == 74, f"{what}: expected exit code 74, got {run.returncode}", answer)


def main():
    programs = Hosts(__doc__.splitlines()[0])
    seed = random.randrange(1 << 32)
    random.seed(seed)
    print(f"hosts in network namespaces, seed {seed}")
    check_large_machine(programs)
    with tempfile.TemporaryDirectory() as name, Network() as network:
        folder = Path(name)
        DataSet.drawn(400).write_shards(folder / "set", [20, 21, 145])
        words = ["train", "set", "--iterations", ITERATIONS, "--method", "primal", "--precision", "f32"]
        finish(programs.start(*words, "-o", "whole.nnk", folder=folder), "a run on three hosts")
        took, left, codes = [], [], set()
        for what, cut, mend, expected in cuts(network, programs.cuts):
            time_taken, code = check_cut(programs, folder, words, f"{what} is cut", cut, expected)
            took.append(time_taken)
            codes.add(code)
            left.append(wait_until_none_is_left(programs, network))
            mend()
            resumed = [*words, "-o", "run.nnk", "--checkpoint", "run.nnc", "--resume"]
            finish(programs.start(*resumed, folder=folder), "a run that goes on")
            check((folder / "run.nnk").read_bytes() == (folder / "whole.nnk").read_bytes(), "expected the same bytes", "")
            (folder / "run.nnk").unlink()
    ends = f"{min(took):.0f} to {max(took):.0f} s"
    print(f"the last rank had gone at most {max(left):.0f} s later")
    print(f"{len(took)} cut links ended the run with a message in {ends}, with exit codes {sorted(codes)}; all went on to the same bytes")


if __name__ == "__main__":
    main()
