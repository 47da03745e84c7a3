-- Who types in a channel. Each change of it is told with the whole list, channel by channel one after the other, so that
-- the last frame is right.

-- Nobody waits for the disk, though a row that refers to its channel locks that: a crash loses who types. Only for statements
-- of typing alone, as it holds until the transaction ends.
CREATE FUNCTION messaging.begin_typing(p_channel_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM messaging.lock_typing(p_channel_id);
END
$$;

CREATE FUNCTION messaging.lock_typing(p_channel_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('typing ' || p_channel_id, 0));
END
$$;

-- Members who may write: at most 50, in the order in which they began, and only as many as fit into a frame.
CREATE FUNCTION messaging.typists(p_channel_id uuid) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY(
        SELECT s.member_id FROM (
            SELECT t.member_id, t.began_at,
                sum(octet_length(to_json(t.member_id)::text) + 2) OVER (ORDER BY t.began_at, t.member_id) AS bytes
            FROM messaging.typing t
            CROSS JOIN LATERAL (
                SELECT FROM public.channel_members m WHERE m.channel_id = t.channel_id AND m.member_id = t.member_id
                    AND m.left_at IS NULL AND m.joined_at IS NOT NULL AND m.can_write LIMIT 1) writer
            WHERE t.channel_id = p_channel_id AND greatest(t.until, t.room_until) > now()
            ORDER BY t.began_at, t.member_id LIMIT 50) s
        WHERE s.bytes <= 7000 ORDER BY s.began_at, s.member_id);
END
$$;

CREATE FUNCTION messaging.publish_typing(ch public.channels) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM messaging.publish_ephemeral(ch, 'typing', jsonb_build_object('member_ids', messaging.typists(ch.id)));
END
$$;
