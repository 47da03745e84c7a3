-- A platform database as it was before this project: the five tables with the platform's own definitions, its
-- trigger, another table that points to them, and rows that messages of every kind have left.

CREATE TABLE microdaos (id text PRIMARY KEY, name text NOT NULL);
INSERT INTO microdaos VALUES ('microdao:daarion', 'DAARION');

CREATE TABLE channels (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    slug           text NOT NULL,
    name           text NOT NULL,
    description    text,
    microdao_id    text NOT NULL,
    matrix_room_id text NOT NULL UNIQUE,
    visibility     text NOT NULL CHECK (visibility IN ('public', 'private', 'microdao')),
    is_direct      boolean NOT NULL DEFAULT false,
    is_encrypted   boolean NOT NULL DEFAULT false,
    topic          text,
    avatar_url     text,
    created_by     text NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    archived_at    timestamptz,
    CONSTRAINT channels_slug_microdao_unique UNIQUE (slug, microdao_id)
);

CREATE TABLE messages (
    id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    channel_id       uuid NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    matrix_event_id  text NOT NULL UNIQUE,
    matrix_type      text NOT NULL,
    sender_id        text NOT NULL,
    sender_type      text NOT NULL CHECK (sender_type IN ('human', 'agent')),
    sender_matrix_id text NOT NULL,
    content_preview  text NOT NULL,
    content_type     text NOT NULL DEFAULT 'text',
    thread_id        uuid REFERENCES messages (id),
    edited_at        timestamptz,
    deleted_at       timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE channel_members (
    id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    channel_id         uuid NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    member_id          text NOT NULL,
    member_type        text NOT NULL CHECK (member_type IN ('human', 'agent')),
    matrix_user_id     text NOT NULL,
    role               text NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'admin', 'member', 'guest', 'agent')),
    can_read           boolean NOT NULL DEFAULT true,
    can_write          boolean NOT NULL DEFAULT true,
    can_invite         boolean NOT NULL DEFAULT false,
    can_kick           boolean NOT NULL DEFAULT false,
    can_create_tasks   boolean NOT NULL DEFAULT false,
    matrix_power_level integer NOT NULL DEFAULT 0,
    invited_by         text,
    joined_at          timestamptz NOT NULL DEFAULT now(),
    left_at            timestamptz,
    CONSTRAINT channel_members_unique UNIQUE (channel_id, member_id)
);

CREATE TABLE message_reactions (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    message_id      uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    reactor_id      text NOT NULL,
    reactor_type    text NOT NULL CHECK (reactor_type IN ('human', 'agent')),
    emoji           text NOT NULL,
    matrix_event_id text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    removed_at      timestamptz,
    CONSTRAINT message_reactions_unique UNIQUE (message_id, reactor_id, emoji)
);

CREATE TABLE channel_events (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    channel_id uuid NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    event_type text NOT NULL CHECK (event_type IN (
        'channel.created', 'channel.updated', 'channel.archived',
        'member.joined', 'member.left', 'member.invited', 'member.kicked', 'member.role_changed',
        'message.pinned', 'message.unpinned')),
    actor_id   text NOT NULL,
    target_id  text,
    metadata   jsonb,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX idx_messages_channel_id ON messages (channel_id, created_at DESC);
CREATE INDEX idx_channel_members_member_id ON channel_members (member_id);
CREATE TABLE favourite_channels (user_id text, channel_id uuid REFERENCES channels (id) ON DELETE CASCADE);

CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$;

INSERT INTO channels (id, slug, name, microdao_id, matrix_room_id, visibility, created_by, created_at, updated_at, archived_at) VALUES
    ('11111111-0000-4000-8000-000000000001', 'general', 'General', 'microdao:daarion', '!general:daarion.city', 'public',
     'user:admin', '2025-01-01T00:00:00Z', '2025-01-01T00:00:00Z', NULL),
    ('11111111-0000-4000-8000-000000000002', 'closed', 'Closed', 'microdao:daarion', '!closed:daarion.city', 'private',
     'user:admin', '2025-01-02T00:00:00Z', '2025-01-02T00:00:00Z', NULL),
    ('11111111-0000-4000-8000-000000000003', 'empty', 'Empty', 'microdao:daarion', '!empty:daarion.city', 'microdao',
     'user:admin', '2025-01-03T00:00:00Z', '2025-01-03T00:00:00Z', '2025-02-01T00:00:00Z');

-- From here on every change of a channel is noted, which a migration that writes rows must not trip over.
CREATE TRIGGER channels_touch BEFORE UPDATE ON channels FOR EACH ROW EXECUTE FUNCTION touch();

INSERT INTO messages (id, channel_id, matrix_event_id, matrix_type, sender_id, sender_type, sender_matrix_id, content_preview,
                      thread_id, deleted_at, created_at) VALUES
    -- Not in the order in which they were sent, and two in the same moment.
    ('22222222-0000-4000-8000-000000000004', '11111111-0000-4000-8000-000000000001', '$2a', 'm.room.message', 'user:bob', 'human',
     '@user-bob:daarion.city', 'second, at the same time', NULL, NULL, '2025-01-05T00:00:02Z'),
    ('22222222-0000-4000-8000-000000000001', '11111111-0000-4000-8000-000000000001', '$1', 'm.room.message', 'user:alice', 'human',
     '@user-alice:daarion.city', 'first', NULL, NULL, '2025-01-05T00:00:01Z'),
    ('22222222-0000-4000-8000-000000000002', '11111111-0000-4000-8000-000000000001', '$2b', 'm.room.message', 'agent:sofia', 'agent',
     '@agent-sofia:daarion.city', 'second, at the same time', NULL, NULL, '2025-01-05T00:00:02Z'),
    ('22222222-0000-4000-8000-000000000003', '11111111-0000-4000-8000-000000000001', '$3', 'm.room.message', 'user:alice', 'human',
     '@user-alice:daarion.city', 'a reply', '22222222-0000-4000-8000-000000000001', NULL, '2025-01-05T00:00:03Z'),
    ('22222222-0000-4000-8000-000000000005', '11111111-0000-4000-8000-000000000002', '$4', 'm.room.message', 'user:alice', 'human',
     '@user-alice:daarion.city', 'secret', NULL, NULL, '2025-01-06T00:00:00Z'),
    ('22222222-0000-4000-8000-000000000006', '11111111-0000-4000-8000-000000000002', '$5', 'm.room.message', 'user:alice', 'human',
     '@user-alice:daarion.city', '', NULL, '2025-01-07T00:00:00Z', '2025-01-06T00:00:01Z');

INSERT INTO channel_members (id, channel_id, member_id, member_type, matrix_user_id, role, can_write, joined_at, left_at) VALUES
    ('33333333-0000-4000-8000-000000000001', '11111111-0000-4000-8000-000000000001', 'user:admin', 'human',
     '@user-admin:daarion.city', 'owner', true, '2025-01-01T00:00:00Z', NULL),
    ('33333333-0000-4000-8000-000000000002', '11111111-0000-4000-8000-000000000001', 'user:alice', 'human',
     '@user-alice:daarion.city', 'member', true, '2025-01-01T00:00:00Z', NULL),
    ('33333333-0000-4000-8000-000000000003', '11111111-0000-4000-8000-000000000001', 'agent:sofia', 'agent',
     '@agent-sofia:daarion.city', 'agent', false, '2025-01-01T00:00:00Z', NULL),
    ('33333333-0000-4000-8000-000000000004', '11111111-0000-4000-8000-000000000001', 'user:gone', 'human',
     '@user-gone:daarion.city', 'member', true, '2025-01-01T00:00:00Z', '2025-01-04T00:00:00Z'),
    ('33333333-0000-4000-8000-000000000005', '11111111-0000-4000-8000-000000000002', 'user:alice', 'human',
     '@user-alice:daarion.city', 'owner', true, '2025-01-02T00:00:00Z', NULL);

INSERT INTO message_reactions (id, message_id, reactor_id, reactor_type, emoji, matrix_event_id, removed_at) VALUES
    ('44444444-0000-4000-8000-000000000001', '22222222-0000-4000-8000-000000000001', 'user:bob', 'human', '👍🏽', '$r1', NULL),
    ('44444444-0000-4000-8000-000000000002', '22222222-0000-4000-8000-000000000001', 'user:bob', 'human', '❤️', '$r2', now());

INSERT INTO channel_events (id, channel_id, event_type, actor_id, target_id, metadata) VALUES
    ('55555555-0000-4000-8000-000000000001', '11111111-0000-4000-8000-000000000001', 'channel.created', 'user:admin', NULL, NULL),
    ('55555555-0000-4000-8000-000000000002', '11111111-0000-4000-8000-000000000001', 'member.invited', 'user:admin', 'agent:sofia',
     '{"role": "agent"}'),
    ('55555555-0000-4000-8000-000000000003', '11111111-0000-4000-8000-000000000001', 'member.left', 'user:gone', 'user:gone', '{}');

INSERT INTO favourite_channels VALUES ('user:alice', '11111111-0000-4000-8000-000000000001');
