"""Synapse without some of the checks that it makes of its own users. Another server may be any program; what ours takes
from it has to be judged by ours. Runs in Synapse's environment, as `synapse.app.homeserver` does.

`SECONDS_AHEAD` in the environment makes its clock wrong. (libfaketime breaks Python's `sleep`.)"""

import os
import time

# Before anything is imported that keeps the function.
if ahead := int(os.environ.get("SECONDS_AHEAD", "0")):
    right = time.time
    time.time = lambda: right() + ahead

from synapse import event_auth, types
from synapse.app import homeserver
from synapse.handlers import message

# Accounts may have names that the specification calls historical, and others.
types.contains_invalid_mxid_characters = lambda localpart: False


class Lenient:
    """Everybody may redact everything; whether it counts, the other servers decide."""

    def __getattr__(self, name):
        return getattr(event_auth, name)

    @staticmethod
    def check_redaction(room_version, event, auth_events):
        event.internal_metadata.recheck_redaction = False
        return False


message.event_auth = Lenient()

homeserver.main()
