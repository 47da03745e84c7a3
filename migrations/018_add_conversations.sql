-- Who answers whom, who is meant, and how far everybody has read.

-- The message that this one replies to. thread_id is the root of the thread that it is in. Rows that are here already have
-- only one of both: they stay in the thread of what they reply to.
ALTER TABLE public.messages ADD COLUMN IF NOT EXISTS reply_to uuid;
ALTER TABLE public.messages DISABLE TRIGGER USER;
UPDATE public.messages SET reply_to = thread_id WHERE thread_id IS NOT NULL AND reply_to IS NULL;
ALTER TABLE public.messages ENABLE TRIGGER USER;

-- Who is meant by a message: ids of people and agents, and 'room' for everybody who is in.
CREATE TABLE IF NOT EXISTS messaging.message_mentions (
    message_id uuid NOT NULL REFERENCES public.messages (id) ON DELETE CASCADE,
    member_id  text NOT NULL,
    channel_id uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    -- The message's number, sender and thread.
    seq        bigint NOT NULL,
    sender_id  text NOT NULL,
    thread_id  uuid,
    PRIMARY KEY (message_id, member_id)
);
CREATE INDEX IF NOT EXISTS message_mentions_member ON messaging.message_mentions (channel_id, member_id, seq);

-- What a thread's root shows of it.
CREATE TABLE IF NOT EXISTS messaging.threads (
    root_id       uuid PRIMARY KEY REFERENCES public.messages (id) ON DELETE CASCADE,
    channel_id    uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    -- Replies that are not deleted.
    reply_count   bigint NOT NULL DEFAULT 0,
    -- The newest of them, NULL when none is left.
    last_reply_id uuid,
    -- The number of the newest reply there was.
    last_seq      bigint NOT NULL
);
INSERT INTO messaging.threads (root_id, channel_id, reply_count, last_reply_id, last_seq)
SELECT thread_id, channel_id, count(*) FILTER (WHERE deleted_at IS NULL),
    (array_agg(id ORDER BY seq DESC) FILTER (WHERE deleted_at IS NULL))[1], max(seq)
FROM public.messages WHERE thread_id IS NOT NULL GROUP BY thread_id, channel_id
ON CONFLICT DO NOTHING;

-- A person's own marks in a thread.
CREATE TABLE IF NOT EXISTS messaging.thread_members (
    root_id      uuid NOT NULL REFERENCES public.messages (id) ON DELETE CASCADE,
    member_id    text NOT NULL,
    channel_id   uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    -- Whether they are told of new replies: they wrote in it, were mentioned in it, or chose to. false: they chose not to.
    is_following boolean NOT NULL,
    -- Up to this number they have read it, and the others may know that they have.
    read_seq     bigint NOT NULL DEFAULT 0,
    shown_seq    bigint NOT NULL DEFAULT 0,
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (root_id, member_id)
);
CREATE INDEX IF NOT EXISTS thread_members_followed ON messaging.thread_members (member_id, channel_id) WHERE is_following;

-- A person's own marks in a channel.
CREATE TABLE IF NOT EXISTS messaging.channel_reads (
    channel_id    uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    member_id     text NOT NULL,
    -- Up to this number they have read the channel, apart from its threads. It never falls.
    read_seq      bigint NOT NULL,
    -- Up to this number the others may know it: private receipts move only read_seq.
    shown_seq     bigint NOT NULL DEFAULT 0,
    marked_unread boolean NOT NULL DEFAULT false,
    is_muted      boolean NOT NULL DEFAULT false,
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel_id, member_id)
);

-- Whoever is in a channel already has read it: nobody begins with everything unread.
INSERT INTO messaging.channel_reads (channel_id, member_id, read_seq)
SELECT m.channel_id, m.member_id, c.last_seq FROM public.channel_members m JOIN public.channels c ON c.id = m.channel_id
WHERE m.left_at IS NULL ON CONFLICT DO NOTHING;
