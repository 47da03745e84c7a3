-- Receipts that the homeserver tells of.

-- The number of an event of the channel: a message's own. An edit stands where it was first shown, a reaction behind the
-- message that was the last one when it came. NULL for an event that the index does not know.
CREATE FUNCTION messaging.seq_of_event(p_channel_id uuid, p_event_id text) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce(
        (SELECT m.seq FROM public.messages m WHERE m.matrix_event_id = p_event_id AND m.channel_id = p_channel_id),
        (SELECT e.shown_seqs[1] FROM messaging.message_edits e
         WHERE e.event_id = p_event_id AND e.channel_id = p_channel_id),
        (SELECT last.seq FROM public.message_reactions r
         JOIN public.messages m ON m.id = r.message_id AND m.channel_id = p_channel_id
         CROSS JOIN LATERAL (
             SELECT b.seq FROM public.messages b WHERE b.channel_id = p_channel_id AND b.created_at <= r.created_at
             ORDER BY b.created_at DESC, b.seq DESC LIMIT 1) last
         WHERE r.matrix_event_id = p_event_id LIMIT 1));
END
$$;

-- Up to which events members have read the room, by Matrix clients: at most 1,000 receipts with event_id, member_id,
-- is_private, and thread_event_id where they are of a thread. Those of strangers, of events that the index does not know and
-- those that move nothing are left out, our own echoes among the last. They are not told to Matrix: it has them.
CREATE FUNCTION messaging.record_receipts(
    p_room_id text, p_receipts jsonb, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    r record;
    moved integer := 0;
    has_moved integer;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE matrix_room_id = p_room_id AND archived_at IS NULL;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    -- In the order of the members, so that two of these at once do not wait for each other.
    FOR r IN
        WITH told AS MATERIALIZED (
            SELECT * FROM jsonb_to_recordset(p_receipts) AS t (
                event_id text, member_id text, is_private boolean, thread_event_id text) LIMIT 1000
        ), events AS MATERIALIZED (
            SELECT e.event_id, messaging.seq_of_event(ch.id, e.event_id) AS seq FROM (SELECT DISTINCT t.event_id FROM told t) e
        ), roots AS MATERIALIZED (
            SELECT DISTINCT t.thread_event_id AS event_id, (messaging.thread_root(m.root)).id FROM told t
            CROSS JOIN LATERAL (
                SELECT n AS root FROM public.messages n WHERE n.matrix_event_id = t.thread_event_id AND n.channel_id = ch.id LIMIT 1) m
        )
        SELECT t.member_id, roots.id AS root_id, max(events.seq) AS seq,
            max(events.seq) FILTER (WHERE NOT t.is_private) AS shown_seq
        FROM told t
        JOIN events ON events.event_id = t.event_id AND events.seq IS NOT NULL
        CROSS JOIN LATERAL (
            SELECT FROM public.channel_members m WHERE m.channel_id = ch.id AND m.member_id = t.member_id
                AND m.left_at IS NULL AND m.joined_at IS NOT NULL AND m.can_read LIMIT 1) reader
        LEFT JOIN roots ON roots.event_id = t.thread_event_id
        WHERE t.thread_event_id IS NULL OR roots.id IS NOT NULL
        GROUP BY t.member_id, roots.id ORDER BY t.member_id, roots.id
    LOOP
        has_moved := 0;
        IF r.root_id IS NULL THEN
            IF r.shown_seq IS NOT NULL THEN
                has_moved := messaging.move_marker(ch, r.member_id, r.shown_seq, true, false)::integer;
            END IF;
            IF r.shown_seq IS DISTINCT FROM r.seq THEN
                has_moved := has_moved + messaging.move_marker(ch, r.member_id, r.seq, false, false)::integer;
            END IF;
        ELSE
            IF r.shown_seq IS NOT NULL THEN
                has_moved := messaging.move_thread_marker(ch, r.root_id, r.member_id, r.shown_seq, true)::integer;
            END IF;
            IF r.shown_seq IS DISTINCT FROM r.seq THEN
                has_moved := has_moved + messaging.move_thread_marker(ch, r.root_id, r.member_id, r.seq, false)::integer;
            END IF;
        END IF;
        IF has_moved > 0 THEN
            PERFORM messaging.publish_reading(ch, r.member_id);
        END IF;
        moved := moved + has_moved;
    END LOOP;
    document := json_build_object('moved', moved);
END
$$;
