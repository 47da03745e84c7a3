-- Following a thread: who does is told how many of its replies they have not read.

-- Somebody follows a thread, and has read it up to p_read_seq. p_by_choice: they wrote in it, or asked to. Otherwise they were
-- mentioned in it, or sent its root: who chose not to follow it stays with that.
CREATE FUNCTION messaging.follow_thread(
    p_thread_id uuid, p_channel_id uuid, p_member_id text, p_by_choice boolean, p_read_seq bigint
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO messaging.thread_members AS f (root_id, member_id, channel_id, is_following, read_seq)
    VALUES (p_thread_id, p_member_id, p_channel_id, true, p_read_seq)
    ON CONFLICT (root_id, member_id) DO UPDATE
    SET is_following = true, unfollowed_at = NULL, read_seq = greatest(f.read_seq, excluded.read_seq), updated_at = now()
    WHERE p_by_choice OR NOT f.is_following AND f.unfollowed_at IS NULL;
END
$$;

-- The members of the channel whom a message of a thread mentions follow it, from that message on. p_before: whom it has
-- mentioned already.
CREATE FUNCTION messaging.follow_mentioned(m public.messages, p_before text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- In the order of the members: see add_to_thread.
    PERFORM messaging.follow_thread(m.thread_id, m.channel_id, named.id, false, m.seq - 1)
    FROM (SELECT n.id FROM messaging.mentioned_members(m, p_before) n (id) ORDER BY n.id) named;
END
$$;

-- The members of the channel, others than its sender, whom a message mentions and has not mentioned before.
CREATE FUNCTION messaging.mentioned_members(m public.messages, p_before text[]) RETURNS SETOF text LANGUAGE plpgsql STABLE AS $$
BEGIN
    -- Each by key, however many members there are.
    RETURN QUERY SELECT DISTINCT c.member_id FROM unnest(m.mentions) n (id)
        CROSS JOIN LATERAL (SELECT o.member_id FROM public.channel_members o
                            WHERE o.channel_id = m.channel_id AND o.member_id = n.id AND o.left_at IS NULL LIMIT 1) c
        WHERE n.id <> ALL (p_before) AND n.id <> m.sender_id;
END
$$;

-- The caller follows the thread under a message, or does so no more. A message that is in a thread means that thread. One may
-- follow where nobody has replied yet.
CREATE FUNCTION messaging.set_following(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_message_id uuid, p_is_following boolean,
    p_limits jsonb DEFAULT NULL, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    lookup record;
    m public.messages;
    root uuid;
BEGIN
    lookup := messaging.find_message(p_caller, p_microdaos, p_channel_id, p_message_id, 'read');
    refusal := lookup.refusal;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    m := messaging.thread_root(lookup.message);
    root := m.id;
    -- What has no effect costs nothing, and does not mark anything as read.
    IF EXISTS (SELECT FROM messaging.thread_members WHERE root_id = root AND member_id = p_caller
               AND CASE WHEN p_is_following THEN is_following ELSE unfollowed_at IS NOT NULL END) THEN
        RETURN;
    END IF;
    SELECT l.refusal, l.details INTO refusal, document
    FROM messaging.limit_refusal(p_caller, p_channel_id, p_limits) l;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    IF p_is_following THEN
        PERFORM messaging.follow_thread(root, p_channel_id, p_caller, true,
            coalesce((SELECT last_seq FROM messaging.threads WHERE root_id = root), 0));
    ELSE
        INSERT INTO messaging.thread_members (root_id, member_id, channel_id, is_following, unfollowed_at)
        VALUES (root, p_caller, p_channel_id, false, now())
        ON CONFLICT (root_id, member_id) DO UPDATE SET is_following = false, unfollowed_at = now(), updated_at = now();
    END IF;
END
$$;
