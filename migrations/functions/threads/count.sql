-- What a thread's root shows of it, kept by the statements that change its replies. They hold the channel's row.

-- The message under which the thread of a message is. Rows that an earlier version wrote may be in the thread of one that is
-- in a thread itself; no thread begins in a thread (Matrix client-server API, "Threading").
CREATE FUNCTION messaging.thread_root(m public.messages) RETURNS public.messages LANGUAGE plpgsql STABLE AS $$
BEGIN
    FOR n IN 1..100 LOOP
        EXIT WHEN m.thread_id IS NULL;
        SELECT * INTO m FROM public.messages WHERE id = m.thread_id;
    END LOOP;
    RETURN m;
END
$$;

-- The first who wrote in a thread: at most 5, of its first 100 replies that are not deleted.
CREATE FUNCTION messaging.thread_participants(p_thread_id uuid) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((
        SELECT array_agg(p.sender_id ORDER BY p.seq) FROM (
            SELECT sender_id, min(seq) AS seq FROM (
                SELECT m.sender_id, m.seq FROM public.messages m WHERE m.thread_id = p_thread_id AND m.deleted_at IS NULL
                ORDER BY m.seq LIMIT 100) early
            GROUP BY sender_id ORDER BY 2 LIMIT 5) p), '{}');
END
$$;

-- The newest reply of a thread that is not deleted.
CREATE FUNCTION messaging.last_reply(p_thread_id uuid) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT m.id FROM public.messages m WHERE m.thread_id = p_thread_id AND m.deleted_at IS NULL
            ORDER BY m.seq DESC LIMIT 1);
END
$$;

-- A message is in a thread from now on: its sender follows the thread, whom it mentions, and with the first one the sender of
-- the root.
CREATE FUNCTION messaging.add_to_thread(p_reply public.messages) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    root uuid := p_reply.thread_id;
    t messaging.threads;
    is_first boolean;
BEGIN
    SELECT * INTO t FROM messaging.threads WHERE root_id = root;
    is_first := NOT FOUND;
    IF is_first THEN
        INSERT INTO messaging.threads (root_id, channel_id, reply_count, last_reply_id, last_seq, participants)
        SELECT root, p_reply.channel_id, count(*) FILTER (WHERE m.deleted_at IS NULL), messaging.last_reply(root), max(m.seq),
            messaging.thread_participants(root)
        FROM public.messages m WHERE m.thread_id = root;
    ELSIF p_reply.seq > t.last_seq AND p_reply.deleted_at IS NULL THEN
        UPDATE messaging.threads SET reply_count = reply_count + 1, last_reply_id = p_reply.id, last_seq = p_reply.seq,
            participants = CASE
                WHEN reply_count >= 100 OR cardinality(participants) >= 5 OR p_reply.sender_id = ANY (participants)
                THEN participants ELSE participants || p_reply.sender_id END
        WHERE root_id = root;
    ELSE
        -- It came here before its root did, and others are in the thread already.
        UPDATE messaging.threads SET reply_count = reply_count + CASE WHEN p_reply.deleted_at IS NULL THEN 1 ELSE 0 END,
            last_reply_id = messaging.last_reply(root), last_seq = greatest(last_seq, p_reply.seq),
            participants = messaging.thread_participants(root)
        WHERE root_id = root;
    END IF;
    IF is_first OR t.reply_count = 0 THEN
        PERFORM messaging.mark_search(root);
    END IF;
    -- In the order of the members, as record_receipts has it: otherwise the two would wait for each other.
    PERFORM messaging.follow_thread(root, p_reply.channel_id, f.member_id, f.is_sender,
        CASE WHEN f.is_sender THEN p_reply.seq ELSE p_reply.seq - 1 END)
    FROM (SELECT p_reply.sender_id AS member_id, true AS is_sender WHERE p_reply.deleted_at IS NULL
          UNION ALL
          SELECT m.sender_id, false FROM public.messages m
          WHERE is_first AND m.id = root AND m.sender_id <> p_reply.sender_id
          UNION ALL
          SELECT n.id, false FROM messaging.mentioned_members(p_reply, '{}') n (id) WHERE p_reply.deleted_at IS NULL
          ORDER BY 1) f;
END
$$;

-- A message of a thread was deleted.
CREATE FUNCTION messaging.take_from_thread(p_reply public.messages) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE messaging.threads SET reply_count = reply_count - 1,
        last_reply_id = CASE WHEN last_reply_id = p_reply.id THEN messaging.last_reply(root_id) ELSE last_reply_id END,
        participants = messaging.thread_participants(root_id)
    WHERE root_id = p_reply.thread_id;
    PERFORM messaging.mark_search(p_reply.thread_id);
END
$$;
