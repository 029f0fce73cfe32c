"""Which modules are compiled, and what the compiler is given of them.

mypyc gives each class of a compiled module a fixed layout, which is what ``slots`` are for with the
interpreter; as it cannot make a class anew, which is how ``dataclass(slots=True)`` works, the
compiler reads copies without that word.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, Final

from constructors import Constructors

MODULES: Final = (
    "corenet/ggsn/aaa/accounting.py",
    "corenet/ggsn/aaa/admission.py",
    "corenet/ggsn/aaa/radius_attributes.py",
    "corenet/ggsn/aaa/session_limits.py",
    "corenet/ggsn/activation/activations.py",
    "corenet/ggsn/activation/reachability.py",
    "corenet/ggsn/assembly.py",
    "corenet/ggsn/authorization.py",
    "corenet/ggsn/contexts.py",
    "corenet/ggsn/core.py",
    "corenet/ggsn/destinations.py",
    "corenet/ggsn/dispatch.py",
    "corenet/ggsn/node.py",
    "corenet/ggsn/options/authentication.py",
    "corenet/ggsn/options/ipcp.py",
    "corenet/ggsn/options/pco.py",
    "corenet/ggsn/options/ppp.py",
    "corenet/ggsn/ordering.py",
    "corenet/ggsn/pools.py",
    "corenet/ggsn/queries.py",
    "corenet/ggsn/sessions/creation.py",
    "corenet/ggsn/sessions/deletion.py",
    "corenet/ggsn/sessions/requests.py",
    "corenet/ggsn/sessions/teardown.py",
    "corenet/ggsn/user_plane/forwarding.py",
    "corenet/ggsn/user_plane/traffic.py",
    "corenet/ggsn/views.py",
    "corenet/radius/access.py",
    "corenet/radius/attributes.py",
    "corenet/radius/client.py",
    "corenet/radius/dynamic.py",
    "corenet/radius/journal.py",
    "corenet/radius/packets.py",
    "corenet/radius/records.py",
    "corenet/radius/servers.py",
    "corenet/schedule.py",
    "gtp/counters.py",
    "gtp/endpoint.py",
    "gtp/events.py",
    "gtp/messages/codec.py",
    "gtp/path.py",
    "gtp/refusals.py",
    "gtp/transactions.py",
    "gtp/user_plane.py",
    "gtp/wire.py",
    "testbed/codecs/address.py",
    "testbed/codecs/content.py",
    "testbed/codecs/hosts.py",
    "testbed/codecs/markup.py",
    "testbed/codecs/media.py",
    "testbed/codecs/multipart.py",
    "testbed/codecs/pap/documents.py",
    "testbed/codecs/pap/reading.py",
    "testbed/codecs/pap/schema.py",
    "testbed/codecs/pap/status.py",
    "testbed/codecs/pap/writing.py",
    "testbed/codecs/si.py",
    "testbed/codecs/sl.py",
    "testbed/codecs/timestamps.py",
    "testbed/codecs/wbxml.py",
    "testbed/codecs/whole_request.py",
    "testbed/codecs/wsp/content_type.py",
    "testbed/codecs/wsp/headers.py",
    "testbed/codecs/wsp/push.py",
    "testbed/codecs/wsp/tables.py",
    "testbed/gateway/activation/fair.py",
    "testbed/gateway/carriers/carriage.py",
    "testbed/gateway/carriers/outcomes.py",
    "testbed/gateway/carriers/send.py",
    "testbed/gateway/carriers/ways.py",
    "testbed/gateway/dispatch/approach.py",
    "testbed/gateway/dispatch/dispatch.py",
    "testbed/gateway/dispatch/outgoing.py",
    "testbed/gateway/effects.py",
    "testbed/gateway/initiators.py",
    "testbed/gateway/keeping/lease.py",
    "testbed/gateway/keeping/records.py",
    "testbed/gateway/keeping/status.py",
    "testbed/gateway/keeping/store_rows.py",
    "testbed/gateway/node.py",
    "testbed/gateway/output.py",
    "testbed/gateway/presence/presence.py",
    "testbed/gateway/presence/sessions.py",
    "testbed/gateway/routing/judge.py",
    "testbed/gateway/routing/passing.py",
    "testbed/gateway/routing/policy.py",
    "testbed/gateway/schedule.py",
    "testbed/gateway/submissions/answers.py",
    "testbed/gateway/submissions/elsewhere.py",
    "testbed/gateway/submissions/operations.py",
    "testbed/gateway/submissions/recipients.py",
    "testbed/gateway/submissions/reports.py",
    "testbed/gateway/tenure.py",
    "testbed/gateway/underway/custody.py",
    "testbed/gateway/underway/deliveries.py",
    "testbed/gateway/underway/queues.py",
    "testbed/gateway/underway/routes.py",
)
"""What a Create or Delete PDP Context Request and what a push passes through on its way.

Not GTP's messages and elements: what is made of their tables, regular expressions and functions in
source text, runs in the interpreter anyhow. Not where a gateway begins with a submission
(``intake``, ``submission``) either: little is done there, and tests put faults into it.
"""

_SLOTS: Final = re.compile(r"(@dataclass\([^)\n]*?)(?:, slots=True|slots=True, |slots=True)")


def extensions(build: Path = Path("build/compiled")) -> list[Any]:
    """Return the extension modules, translated to C below ``build``."""
    from mypyc.build import mypycify  # only where it is wanted

    shutil.rmtree(build, ignore_errors=True)
    for package in ("gtp", "corenet", "testbed"):
        shutil.copytree(package, build / package, ignore=shutil.ignore_patterns("*.so", "*.pyc"))
    sources = {
        module.removesuffix(".py").replace("/", "."): _SLOTS.sub(
            r"\1", Path(module).read_text("utf-8")
        )
        for module in MODULES
    }
    constructors = Constructors(sources)
    for name, module in zip(sources, MODULES, strict=True):
        (build / module).write_text(constructors.written_out(name), "utf-8")
    words = ["--config-file=", "--ignore-missing-imports", "--no-warn-no-return"]
    paths = [str(build / module) for module in MODULES]
    return list(mypycify([*words, *paths], opt_level="2", group_name="corenet"))
