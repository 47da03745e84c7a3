-- The receipts on their way to Matrix. A place waits for a second, and a newer one takes its row over meanwhile; so Matrix is
-- told once a second of a person and channel (or thread), and only the newest.

-- Somebody has read up to a number, in a thread when p_thread_id is given. Only members are in the room, and only our own
-- people's receipts are ours to send.
CREATE FUNCTION messaging.queue_receipt(
    ch public.channels, p_member_id text, p_thread_id uuid, p_seq bigint, p_is_private boolean
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO messaging.receipts_to_send AS q (channel_id, member_id, root_id, is_private, seq, due_at)
    SELECT ch.id, m.member_id, coalesce(p_thread_id, ch.id), p_is_private, p_seq, now() + interval '1 second'
    FROM public.channel_members m
    WHERE m.channel_id = ch.id AND m.member_id = p_member_id AND m.left_at IS NULL AND m.joined_at IS NOT NULL
        AND m.member_id NOT LIKE '@%' AND ch.archived_at IS NULL
    ON CONFLICT (channel_id, member_id, root_id, is_private) DO UPDATE SET
        seq = greatest(q.seq, excluded.seq), created_at = now();
END
$$;

-- Whether a receipt is due. For the relay, which asks every second.
CREATE FUNCTION messaging.are_receipts_due(OUT refusal messaging.refusal, OUT document json) LANGUAGE plpgsql STABLE AS $$
BEGIN
    document := json_build_object('are_due', EXISTS (SELECT FROM messaging.receipts_to_send WHERE due_at <= now()));
END
$$;

-- Takes the oldest receipts that are due; for p_seconds nobody else gets them. Each with the newest message up to its place;
-- event_id is null where none of them is left.
CREATE FUNCTION messaging.claim_receipts(
    p_limit integer, p_seconds integer, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql SET enable_sort = off AS $$
BEGIN
    WITH due AS MATERIALIZED (
        SELECT id FROM messaging.receipts_to_send WHERE due_at <= now() ORDER BY due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), claimed AS MATERIALIZED (
        UPDATE messaging.receipts_to_send q SET due_at = now() + make_interval(secs => p_seconds)
        FROM due WHERE q.id = due.id RETURNING q.*
    ), found AS MATERIALIZED (
        SELECT c.id, c.member_id, c.seq, c.is_private, m.matrix_event_id AS event_id,
            -- That of before an upgrade for what was said there.
            coalesce(m.matrix_room_id, ch.matrix_room_id) AS room_id,
            CASE WHEN c.root_id <> c.channel_id THEN root.matrix_event_id END AS thread_event_id
        FROM claimed c JOIN public.channels ch ON ch.id = c.channel_id
        LEFT JOIN public.messages root ON root.id = c.root_id
        LEFT JOIN public.messages m ON m.id = CASE WHEN c.root_id = c.channel_id THEN
            (SELECT b.id FROM public.messages b
             WHERE b.channel_id = c.channel_id AND b.seq <= c.seq AND b.thread_id IS NULL AND b.deleted_at IS NULL
             ORDER BY b.seq DESC LIMIT 1)
        ELSE
            (SELECT b.id FROM public.messages b
             WHERE b.thread_id = c.root_id AND b.seq <= c.seq AND b.deleted_at IS NULL
             ORDER BY b.seq DESC LIMIT 1) END
    )
    SELECT coalesce(json_agg(json_build_object('id', f.id, 'seq', f.seq, 'member_id', f.member_id, 'room_id', f.room_id,
        'event_id', f.event_id, 'thread_event_id', f.thread_event_id, 'is_private', f.is_private)), '[]')
    INTO document FROM found f;
END
$$;

-- These have been told, or never can be, by id and seq. One that was moved on meanwhile is due again in a second.
CREATE FUNCTION messaging.end_receipts(p_receipts jsonb, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM messaging.receipts_to_send q USING jsonb_to_recordset(p_receipts) AS t (id bigint, seq bigint)
    WHERE q.id = t.id AND q.seq = t.seq;
    UPDATE messaging.receipts_to_send q SET due_at = now() + interval '1 second'
    FROM jsonb_to_recordset(p_receipts) AS t (id bigint, seq bigint) WHERE q.id = t.id;
END
$$;
