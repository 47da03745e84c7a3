-- Threads: what a root shows, who follows, and replies that come before what they belong to.

-- The root of the thread that a message is in, while the root is not here yet. What it replies to is awaited_event_id.
ALTER TABLE public.messages ADD COLUMN IF NOT EXISTS awaited_thread_event_id text;
CREATE INDEX IF NOT EXISTS messages_awaited_thread ON public.messages (channel_id, awaited_thread_event_id, seq)
    WHERE awaited_thread_event_id IS NOT NULL;

-- Replies to a message that are not in the thread under it.
CREATE INDEX IF NOT EXISTS messages_plain_replies ON public.messages (reply_to, seq)
    WHERE reply_to IS NOT NULL AND reply_to IS DISTINCT FROM thread_id;
CREATE INDEX IF NOT EXISTS messages_plain_replies_living ON public.messages (reply_to, seq)
    WHERE reply_to IS NOT NULL AND reply_to IS DISTINCT FROM thread_id AND deleted_at IS NULL;

-- The first who wrote in the thread: at most 5, of its first 100 replies that are not deleted.
ALTER TABLE messaging.threads ADD COLUMN IF NOT EXISTS participants text[];
UPDATE messaging.threads t SET participants = coalesce((
    SELECT array_agg(p.sender_id ORDER BY p.seq) FROM (
        SELECT sender_id, min(seq) AS seq FROM (
            SELECT sender_id, seq FROM public.messages m WHERE m.thread_id = t.root_id AND m.deleted_at IS NULL
            ORDER BY seq LIMIT 100) early
        GROUP BY sender_id ORDER BY 2 LIMIT 5) p), '{}')
WHERE participants IS NULL;
ALTER TABLE messaging.threads ALTER COLUMN participants SET DEFAULT '{}';
ALTER TABLE messaging.threads ALTER COLUMN participants SET NOT NULL;

-- Threads that have something to show, by activity.
CREATE INDEX IF NOT EXISTS threads_living ON messaging.threads (channel_id, last_seq DESC) WHERE reply_count > 0;

-- When they chose not to follow the thread: being mentioned in it does not change that, writing in it does.
ALTER TABLE messaging.thread_members ADD COLUMN IF NOT EXISTS unfollowed_at timestamptz;

-- Whoever has written in a thread follows it, and has read it.
INSERT INTO messaging.thread_members (root_id, member_id, channel_id, is_following, read_seq)
SELECT DISTINCT root_id, m.sender_id, t.channel_id, true, t.last_seq
FROM messaging.threads t JOIN (
    SELECT id AS root_id, sender_id FROM public.messages UNION ALL
    SELECT thread_id, sender_id FROM public.messages WHERE thread_id IS NOT NULL) m USING (root_id)
ON CONFLICT DO NOTHING;
