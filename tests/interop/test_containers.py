"""Images built of the project, and the three set-ups of the compose file, on real podman.

No registry is asked: the base image is made of Debian's packages. All of it takes some minutes, so
that it is done by ``tox run -e containers`` only. The commands are those of the guide, with what
this machine wants put in between; those to a running set-up are tried without containers, too
(``test_container_set_ups.py``).
"""

from __future__ import annotations

import json
import os
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.parse
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from testbed.codecs import si
from testbed.codecs.wsp.content_type import ContentType
from testbed.codecs.wsp.push import Push
from tests.conftest import missing_peer, require_peer
from tests.interop.peers import CORENET, Place, eventually
from tests.pages import ROOT, shown

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(
        os.environ.get("CORENET_CONTAINERS", "0") in ("", "0"),
        reason="builds images, which takes minutes: tox run -e containers",
    ),
]

GUIDE = "docs/howto/run-in-containers.md"
CONTAINER = ROOT / "packaging" / "container"
BASE = "localhost/debian:bookworm-slim"
TOKEN = "only-for-a-lab"
PUSH_TO_OURS = "corenet push +447700900001 --gateway http://127.0.0.1:8081/pap --follow"
PUSH_TO_KANNEL = "corenet push 127.10.0.1 --gateway http://127.0.0.1:18080/wappush --wait 0"
CONTEXTS = "CORENET_TOKEN=only-for-a-lab corenet ctl --url http://127.0.0.1:8080 contexts"
# podman understands cgroups of one version only; where both are mounted it is shown the newer one.
HOLD = (
    "ip link set lo up && if [ -d /sys/fs/cgroup/unified ]; then umount -l /sys/fs/cgroup"
    " && mount -t cgroup2 none /sys/fs/cgroup; fi && echo up && exec cat"
)
FETCH = """
import sys, urllib.request
_, url, token = sys.argv
request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
sys.stdout.write(urllib.request.urlopen(request, timeout=10).read().decode())
"""
SEND = """
import socket, sys
gateway = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
gateway.sendto(bytes.fromhex(sys.argv[1]), ("127.10.0.1", 2948))
"""


class Engine(Place):
    """podman with images and containers of its own, in namespaces where its ports are free."""

    def __init__(self, folder: Path) -> None:
        """Make the namespaces and podman's configuration."""
        self._folder = folder
        self.variables = dict(os.environ)
        self._configure()
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "--net", "sh", "-c", HOLD],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert self._holder.stdout is not None
        if (first := self._holder.stdout.readline()) != "up\n":
            missing_peer(f"no namespaces for podman can be made: {first.strip()}")

    def _configure(self) -> None:
        """Keep everything in one folder, and ask for no more than this process may."""
        _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
        limits = f'"nofile={files}:{files}", "nproc=4096:4096"'
        containers, storage = self._folder / "containers.conf", self._folder / "storage.conf"
        containers.write_text(
            f'[containers]\ndefault_ulimits = [{limits}]\ncgroups = "disabled"\n'
            f'[network]\nnetwork_config_dir = "{self._folder}/networks"\n'
            '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
        )
        storage.write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{self._folder}/images"\n'
            f'runroot = "{self._folder}/run"\n'
        )
        self.variables |= {
            "CONTAINERS_CONF": str(containers),
            "CONTAINERS_STORAGE_CONF": str(storage),
        }

    def command(self, *words: str) -> list[str]:
        """Return the command line that runs ``words`` in the namespaces."""
        prefix = ["nsenter", "--target", str(self._holder.pid), "--mount", "--net", "--"]
        return [*prefix, *words]

    def build(self, podman: str, build: str, *words: str) -> None:
        """Build an image, on the network of this machine and with its certificates."""
        added = ["--isolation=chroot", "--network=host", "--format=docker"]
        certificates = os.environ.get("PIP_CERT")
        if certificates is not None:
            settings = self._folder / "pip.conf"
            settings.write_text("[global]\ncert = /run/certificates.pem\n")
            added += [f"--volume={certificates}:/run/certificates.pem:ro"]
            added += [f"--volume={settings}:/etc/pip.conf:ro"]
        self.on_host(podman, build, *added, f"--build-arg=BASE={BASE}", *words)

    def on_host(self, *words: str) -> None:
        """Run a command that needs this machine's network."""
        done = subprocess.run(
            words, cwd=ROOT, env=self.variables, capture_output=True, text=True, timeout=900
        )
        assert done.returncode == 0, f"{words}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}"

    def podman(self, *words: str, timeout: float = 60.0) -> str:
        """Run podman where the containers are."""
        return self.run("podman", *words, timeout=timeout, env=self.variables)

    def compose(self, *words: str) -> None:
        """Run podman-compose on the project's file."""
        asked = ("podman-compose", "--file", str(CONTAINER / "compose.yaml"), *words)
        self.run(*asked, timeout=120.0, env=self.variables, stdin=subprocess.DEVNULL)

    def ask_core(self, path: str) -> str:
        """Ask the control interface at the port that is published on this machine."""
        return self.run(sys.executable, "-c", FETCH, f"http://127.0.0.1:8080{path}", TOKEN)

    def is_healthy(self, container: str) -> bool:
        """Run the health check that the compose file gives a container."""
        words = self.command("podman", "healthcheck", "run", container)
        done = subprocess.run(words, env=self.variables, capture_output=True, timeout=30)
        return done.returncode == 0

    def close(self) -> None:
        """Take everything away again."""
        words = self.command("podman", "rm", "--all", "--force", "--volumes", "--time=0")
        subprocess.run(words, env=self.variables, capture_output=True, timeout=60)
        self._holder.communicate(timeout=10)
        # podman leaves its folder of layers mounted on itself.
        subprocess.run(["umount", f"{self._folder}/images/overlay"], capture_output=True)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """Return podman with both images, built by the project's files from a base of our own."""
    for program in ("podman", "mmdebstrap", "crun", "iptables", "podman-compose"):
        require_peer(program, package=program)
    if os.geteuid() != 0:
        missing_peer("namespaces with published ports are made as root")
    # podman's sockets want short paths.
    folder = Path(tempfile.mkdtemp(prefix="corenet-"))
    engine = Engine(folder)
    try:
        base = folder / "base.tar"
        engine.on_host("mmdebstrap", "--quiet", "--variant=minbase", "bookworm", str(base))
        engine.on_host("podman", "import", "--quiet", str(base), BASE)
        command = "podman build -f packaging/container/Containerfile -t corenet ."
        engine.build(*shown(GUIDE, command))
        engine.build(
            *shlex.split(command.replace("file -t corenet", "file.kannel -t corenet-kannel"))
        )
        yield engine
    finally:
        engine.close()
        shutil.rmtree(folder, ignore_errors=True)


class SetUp:
    """One set-up of the compose file, running."""

    def __init__(self, engine: Engine, command: str, services: Sequence[str]) -> None:
        """Start it as the guide does, and wait until the core's health check is content."""
        _, *self._profile, up = shown(GUIDE, command)
        self._engine = engine
        self._containers = [f"corenet_{service}_1" for service in services]
        engine.compose(*self._profile, up, "--detach", "--no-build")
        eventually(lambda: engine.is_healthy("corenet_core_1"), bool, timeout=60.0)

    def shown(self) -> int:
        """Return how many pushes mobiles have shown."""
        for line in self._engine.ask_core("/metrics").splitlines():
            if line.startswith("corenet_node_events_total{") and 'name="pushes_shown"' in line:
                return int(float(line.split()[-1]))
        return 0

    def end(self) -> dict[str, int]:
        """Stop it as compose does, with SIGTERM; return each container's exit status."""
        self._engine.compose(*self._profile, "stop")
        ended = json.loads(self._engine.podman("inspect", *self._containers))
        self._engine.compose(*self._profile, "down", "--volumes")
        return {one["Name"]: one["State"]["ExitCode"] for one in ended}

    def users(self) -> set[str]:
        """Return the user ids that containers run as."""
        asked = (self._engine.podman("exec", each, "id", "-u") for each in self._containers)
        return {said.strip() for said in asked}


def _terminal(engine: Engine) -> dict[str, object]:
    query = urllib.parse.urlencode({"msisdn": "447700900001"})
    (terminal,) = json.loads(engine.ask_core(f"/v1/terminals?{query}"))["terminals"]
    return terminal


def test_the_image_has_a_demo(engine: Engine) -> None:
    """An offline push in a container that has no network but its own."""
    _, run, *words = shown(GUIDE, "podman run --rm corenet demo")
    alone = ("--network=none", "--read-only", "--cap-drop=all")
    assert "push delivered" in engine.podman(run, *alone, *words)


def test_a_container_that_has_hardly_begun_ends_when_it_is_asked_to(engine: Engine) -> None:
    """By the signal, or by its own farewell, and not by force."""
    engine.podman("run", "--detach", "--name=brief", "--network=none", "localhost/corenet")
    engine.podman("stop", "--time=30", "brief")
    (ended,) = json.loads(engine.podman("inspect", "brief"))
    engine.podman("rm", "brief")
    assert ended["State"]["ExitCode"] in (0, 128 + signal.SIGTERM)


def test_the_core_alone_activates_for_a_gateway_in_its_namespace(engine: Engine) -> None:
    """The push itself has the network request the context, and ends up on the mobile."""
    setup = SetUp(engine, "podman-compose up", ("core",))
    assert _terminal(engine)["online"] is False
    indication = si.encode(si.ServiceIndication("You have mail", href="http://example.com/"))
    push = Push(1, ContentType("application/vnd.wap.sic"), indication).encode()
    words = ("run", "--rm", "--network=container:corenet_core_1", "--entrypoint=python3")
    engine.podman(*words, "localhost/corenet", "-c", SEND, push.hex())
    eventually(setup.shown, lambda shown: shown == 1, timeout=30.0)
    assert _terminal(engine)["online"] is True
    assert "0" not in setup.users()
    assert setup.end() == {"corenet_core_1": 0}


def test_our_gateway_delivers_a_push_that_comes_from_outside(engine: Engine) -> None:
    """By the port that is published, through the core's control interface."""
    setup = SetUp(engine, "podman-compose --profile gateway up", ("core", "gateway"))
    eventually(lambda: engine.is_healthy("corenet_gateway_1"), bool, timeout=60.0)
    _, *words = shown(GUIDE, PUSH_TO_OURS)
    said = engine.run(str(CORENET), *words, timeout=60.0)
    assert "activating" in said
    assert "delivered" in said
    eventually(setup.shown, lambda shown: shown == 1, timeout=30.0)
    token, _, *words = shown(GUIDE, CONTEXTS)
    assert "127.10.0.1" in engine.run("env", token, str(CORENET), *words)
    assert "0" not in setup.users()
    assert setup.end() == {"corenet_core_1": 0, "corenet_gateway_1": 0}


def test_kannel_delivers_a_push_that_comes_from_outside(engine: Engine) -> None:
    """Its datagram is the trigger, as outside of containers."""
    services = ("core", "bearerbox", "wapbox")
    setup = SetUp(engine, "podman-compose --profile kannel up", services)
    _, *push = shown(GUIDE, PUSH_TO_KANNEL)

    def pushed() -> bool:
        words = engine.command(str(CORENET), *push)
        return subprocess.run(words, capture_output=True, timeout=30).returncode == 0

    eventually(pushed, bool, timeout=60.0)
    eventually(setup.shown, lambda shown: shown == 1, timeout=30.0)
    assert _terminal(engine)["online"] is True
    assert "0" not in setup.users()
    assert setup.end() == {f"corenet_{service}_1": 0 for service in services}
