-- Which of the messages that words find the caller gets to see.

-- Whether messaging.access lets the caller read a channel, with what their row in it says (NULL: they have none): the same rule
-- as one expression, so that it is inlined where many channels are looked at. What is shown in the end, access decides.
CREATE FUNCTION messaging.reads(ch public.channels, m public.channel_members, p_caller text, p_microdaos text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT (ch.visibility = 'public' OR p_caller = 'service:internal'
            OR p_caller IS NOT NULL AND CASE
                WHEN ch.visibility = 'microdao' AND NOT ch.is_direct AND messaging.has_claim(p_microdaos, ch.microdao_id)
                THEN m.banned_at IS NULL
                ELSE coalesce(m.can_read, false) AND m.left_at IS NULL
                    AND (NOT m.via_microdao OR messaging.has_claim(p_microdaos, ch.microdao_id)) END)
        AND NOT (ch.is_encrypted AND coalesce(p_caller LIKE 'agent:%', false))
$$;

-- The first of these messages before a place and not before p_since, as many as are wanted, that the caller may read and that
-- are as messaging.search_asked says in `rest`. One after the other, in their order, until there are enough.
CREATE FUNCTION messaging.search_readable(
    p_ids uuid[], p_channels uuid[], p_times timestamptz[], p_caller text, p_microdaos text[], p_microdao_id text, p_rest jsonb,
    p_time timestamptz, p_id uuid, p_since timestamptz, p_wanted integer, OUT ids uuid[], OUT times timestamptz[]
) LANGUAGE plpgsql STABLE
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    is_reply boolean := p_rest ->> 'reply';
    is_edited boolean := p_rest ->> 'edited';
    is_unread boolean := p_rest ->> 'unread';
    not_in uuid[] := ARRAY(SELECT jsonb_array_elements_text(p_rest -> 'not_in'));
BEGIN
    IF p_rest = '{}' THEN
        SELECT array_agg(f.id), array_agg(f.at) INTO ids, times FROM (
            SELECT c.id, c.at FROM (
                SELECT * FROM unnest(p_ids, p_channels, p_times) WITH ORDINALITY n (id, channel_id, at, number)
                WHERE (n.at, n.id) < (p_time, p_id) AND n.at >= p_since ORDER BY n.number) c
            JOIN public.channels ch ON ch.id = c.channel_id
            LEFT JOIN public.channel_members cm ON cm.channel_id = c.channel_id AND cm.member_id = p_caller
            WHERE (p_microdao_id IS NULL OR ch.microdao_id = p_microdao_id) AND messaging.reads(ch, cm, p_caller, p_microdaos)
            ORDER BY c.number LIMIT p_wanted) f;
        RETURN;
    END IF;
    SELECT array_agg(f.id), array_agg(f.at) INTO ids, times FROM (
        SELECT c.id, c.at FROM (
            SELECT * FROM unnest(p_ids, p_channels, p_times) WITH ORDINALITY n (id, channel_id, at, number)
            WHERE (n.at, n.id) < (p_time, p_id) AND n.at >= p_since AND n.channel_id <> ALL (not_in) ORDER BY n.number) c
        JOIN public.channels ch ON ch.id = c.channel_id
        LEFT JOIN public.channel_members cm ON cm.channel_id = c.channel_id AND cm.member_id = p_caller
        JOIN public.messages m ON m.id = c.id
        WHERE (p_microdao_id IS NULL OR ch.microdao_id = p_microdao_id) AND messaging.reads(ch, cm, p_caller, p_microdaos)
            AND (is_reply IS NULL OR is_reply = (m.reply_to IS NOT NULL OR m.awaited_event_id IS NOT NULL))
            AND (is_edited IS NULL OR is_edited = (m.edited_at IS NOT NULL))
            AND (is_unread IS NULL OR is_unread = coalesce(messaging.is_unread(m, p_caller), false))
            AND NOT EXISTS (SELECT FROM jsonb_array_elements(p_rest -> 'not_within') AS w (period)
                            WHERE m.created_at >= coalesce((period ->> 'from')::timestamptz, '-infinity')
                                AND m.created_at < coalesce((period ->> 'until')::timestamptz, 'infinity'))
        ORDER BY c.number LIMIT p_wanted) f;
END
$$;

-- Whether somebody has not read a message; one in a thread until the thread is read up to it, or the channel. To whom has no
-- marker in the channel nothing is unread.
CREATE FUNCTION messaging.is_unread(m public.messages, p_member_id text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN m.sender_id <> p_member_id AND EXISTS (
        SELECT FROM messaging.channel_reads r
        LEFT JOIN messaging.thread_members t ON t.root_id = m.thread_id AND t.member_id = p_member_id
        WHERE r.channel_id = m.channel_id AND r.member_id = p_member_id AND m.seq > r.read_seq
            AND m.seq > coalesce(t.read_seq, 0));
END
$$;

-- A message that was found, with its channel, and where its event is.
CREATE FUNCTION messaging.search_hit(p_message_id uuid, p_caller text, p_microdaos text[]) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
    m public.messages;
    ch public.channels;
    s record;
BEGIN
    SELECT * INTO m FROM public.messages WHERE id = p_message_id;
    SELECT * INTO ch FROM public.channels WHERE id = m.channel_id;
    IF m.deleted_at IS NOT NULL OR messaging.access(ch, p_caller, p_microdaos) <> 'reads' THEN
        RETURN NULL;
    END IF;
    SELECT * INTO s FROM messaging.shown_with(m.id, m.sender_id);
    RETURN json_build_object(
        'message', messaging.message_document(m, p_caller, s.name, s.avatar_url, s.has_thread, s.has_reactions)::json,
        'channel', json_build_object('id', ch.id, 'slug', ch.slug, 'name', ch.name, 'microdao_id', ch.microdao_id,
            'visibility', ch.visibility, 'is_direct', ch.is_direct, 'avatar_url', ch.avatar_url,
            'archived_at', messaging.rfc3339(ch.archived_at)),
        'room_id', coalesce(m.matrix_room_id, ch.matrix_room_id), 'event_id', m.matrix_event_id,
        'edit_event_id', m.edit_event_id);
END
$$;
