-- What is told of a marker that has moved: nothing of it has a number or is stored.

-- How many members there are to whom each other's receipts are shown one by one; beyond that they are counted.
CREATE FUNCTION messaging.shows_receipts(ch public.channels) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce(ch.member_count, messaging.count_members(ch.id)) <= 100;
END
$$;

-- Tells the channel's readers how far somebody has read it, or a thread of it.
CREATE FUNCTION messaging.publish_receipt(ch public.channels, p_member_id text, p_read_seq bigint, p_thread_id uuid)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF messaging.shows_receipts(ch) THEN
        PERFORM messaging.publish_ephemeral(ch, 'receipt.updated', jsonb_strip_nulls(jsonb_build_object(
            'member_id', p_member_id, 'read_seq', p_read_seq, 'thread_id', p_thread_id)));
    END IF;
END
$$;

-- A frame for one person alone, on all of their sockets: what a channel is to them now (p_reading, of messaging.reading_json). The
-- relay asks whether each socket's caller may read.
CREATE FUNCTION messaging.unread_frame(p_member_id text, p_reading json) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN p_reading::jsonb || jsonb_build_object('type', 'unread.updated', 'to', p_member_id);
END
$$;

-- Tells somebody what a channel is to them now, and returns it. Who is only in Matrix has no socket here. A relay that knows no
-- such notifications does not listen to them: as an ephemeral frame everybody in the channel would get it.
CREATE FUNCTION messaging.publish_reading(ch public.channels, p_member_id text) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    reading json;
BEGIN
    IF p_member_id NOT LIKE '@%' THEN
        reading := messaging.reading_json(ch, p_member_id, NULL);
        PERFORM pg_notify('personal', messaging.unread_frame(p_member_id, reading));
    END IF;
    RETURN reading;
END
$$;
