-- The five tables of the index. A platform database may already have them: every statement here
-- leaves what exists alone, and 002 adds what the index needs beyond the platform's own columns.

CREATE TABLE IF NOT EXISTS public.channels (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    slug           text NOT NULL,
    name           text NOT NULL,
    description    text,
    microdao_id    text NOT NULL,
    matrix_room_id text NOT NULL UNIQUE,
    visibility     text NOT NULL DEFAULT 'microdao' CHECK (visibility IN ('public', 'private', 'microdao')),
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

CREATE TABLE IF NOT EXISTS public.messages (
    id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    channel_id       uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    matrix_event_id  text NOT NULL UNIQUE,
    matrix_type      text NOT NULL,
    sender_id        text NOT NULL,
    sender_type      text NOT NULL CHECK (sender_type IN ('human', 'agent')),
    sender_matrix_id text NOT NULL,
    content_preview  text NOT NULL,
    content_type     text NOT NULL DEFAULT 'text',
    thread_id        uuid REFERENCES public.messages (id),
    edited_at        timestamptz,
    deleted_at       timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.channel_members (
    id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    channel_id         uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
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

CREATE TABLE IF NOT EXISTS public.message_reactions (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    message_id      uuid NOT NULL REFERENCES public.messages (id) ON DELETE CASCADE,
    reactor_id      text NOT NULL,
    reactor_type    text NOT NULL CHECK (reactor_type IN ('human', 'agent')),
    emoji           text NOT NULL,
    matrix_event_id text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    removed_at      timestamptz,
    CONSTRAINT message_reactions_unique UNIQUE (message_id, reactor_id, emoji)
);

CREATE TABLE IF NOT EXISTS public.channel_events (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    channel_id uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    event_type text NOT NULL CHECK (event_type IN (
        'channel.created', 'channel.updated', 'channel.archived',
        'member.joined', 'member.left', 'member.invited', 'member.kicked', 'member.role_changed',
        'message.pinned', 'message.unpinned')),
    actor_id   text NOT NULL,
    target_id  text,
    metadata   jsonb,
    created_at timestamptz NOT NULL DEFAULT now()
);
