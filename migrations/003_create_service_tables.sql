-- The schema messaging holds the service's own tables and, apart from these files, its functions (functions/). No
-- table, index, default or constraint uses one of those functions.

-- What a POST with an Idempotency-Key led to. Messages keep their key themselves (messages.client_key).
CREATE TABLE IF NOT EXISTS messaging.idempotency_keys (
    caller      text NOT NULL,
    key         text NOT NULL,
    -- The hash of the request that came with the key.
    fingerprint text NOT NULL,
    resource    uuid NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, key)
);

-- What somebody is about to do in Matrix through the API. The homeserver may push the result back before the
-- API records it, or the API may never get to it: whoever comes first finds here who wanted what.
CREATE TABLE IF NOT EXISTS messaging.intents (
    channel_id uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    act        text NOT NULL,
    target_id  text NOT NULL,
    actor_id   text NOT NULL,
    details    jsonb NOT NULL DEFAULT '{}',
    -- The parts of details that the homeserver has told already.
    confirmed  text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel_id, act, target_id)
);

-- When the homeserver says a part of the room's state last changed: its pushes may come late and out of order.
CREATE TABLE IF NOT EXISTS messaging.room_state (
    channel_id uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    event_type text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (channel_id, event_type)
);

-- Who is making the room of a channel that has no row yet. Only the holder touches the alias in Matrix.
CREATE TABLE IF NOT EXISTS messaging.channel_reservations (
    microdao_id text NOT NULL,
    slug        text NOT NULL,
    channel_id  uuid NOT NULL,
    caller      text NOT NULL,
    fingerprint text NOT NULL,
    reserved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (microdao_id, slug)
);

-- Webhooks that a room's events are sent to. matrix-gateway keeps the list, matrix-events forwards.
CREATE TABLE IF NOT EXISTS messaging.gateway_subscriptions (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    room_id     text NOT NULL,
    webhook_url text NOT NULL,
    -- The types of event; none: every type.
    events      text[] NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (room_id, webhook_url)
);

-- The rooms that a channel had before it was upgraded. Their messages can still be read, edited and deleted.
CREATE TABLE IF NOT EXISTS messaging.former_rooms (
    room_id    text PRIMARY KEY,
    channel_id uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE
);

-- Edits and reactions that came before their message, as the statement that will apply them.
CREATE TABLE IF NOT EXISTS messaging.pending_relations (
    event_id        text PRIMARY KEY,
    target_event_id text NOT NULL,
    channel_id      uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    -- 'edit' or 'reaction', and what record_edit or record_reaction was given.
    kind            text NOT NULL,
    parameters      jsonb NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS pending_relations_target ON messaging.pending_relations (channel_id, target_event_id);

-- Redactions that came before the event they redact: that event must not be indexed when it comes. A redaction counts only
-- in the channel where it was made.
CREATE TABLE IF NOT EXISTS messaging.pending_redactions (
    event_id   text NOT NULL,
    channel_id uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel_id, event_id)
);

-- Replacements that a tombstone has named and that the channel has not moved to yet.
CREATE TABLE IF NOT EXISTS messaging.room_upgrades (
    replacement_room_id text PRIMARY KEY,
    channel_id          uuid NOT NULL UNIQUE REFERENCES public.channels (id) ON DELETE CASCADE,
    actor_id            text NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT now()
);
