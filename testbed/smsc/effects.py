"""What an SMSC asks of those who run it, beside what it sends: and the command that answers.

Whoever runs an ``Smsc`` takes these with ``take_effects`` when the event ``EffectsQueued`` tells it
to, carries them out in order, and answers each by the command that its docstring names.
"""

from __future__ import annotations

from dataclasses import dataclass

from testbed.smsc.stored import MessageRecord


@dataclass(frozen=True, slots=True)
class Commit:
    """Write a message down as it stands, durably.

    Answer: ``committed(number, now)`` once it is on disk, or ``commit_failed(number, why, now)``.
    """

    number: int
    record: MessageRecord


@dataclass(frozen=True, slots=True)
class FindMessage:
    """Read the parts of a message from the store, as far as it has been written.

    Answer: ``message_found(number, records, now)``, with none where there is none, also where
    they could not be read.
    """

    number: int
    message_id: str


Effect = Commit | FindMessage
