-- How far the history of each channel's room was compared with the index.
CREATE TABLE IF NOT EXISTS messaging.reconciliations (
    channel_id uuid PRIMARY KEY REFERENCES public.channels (id) ON DELETE CASCADE,
    -- The room that it is about: a channel's room changes when it is upgraded.
    room_id    text NOT NULL,
    -- 'b': the place to begin at is looked for, backwards, until events are older than since. 'f': what is behind the
    -- place is compared, and everything in front of it was.
    direction  text NOT NULL CHECK (direction IN ('b', 'f')),
    -- The place, as the homeserver calls it; NULL: the end of the history ('b'), its beginning ('f').
    place      text,
    since      timestamptz NOT NULL,
    -- The channel's last number when it was last compared to the end; NULL: there is more to compare.
    last_seq   bigint,
    -- When it was last compared to the end, and when that was last begun.
    checked_at timestamptz,
    -- When all members were last compared.
    members_at timestamptz,
    tried_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS reconciliations_tried ON messaging.reconciliations (tried_at);
