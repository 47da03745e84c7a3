-- Messages that are not found yet, or by what an earlier analysis made of them: `ws-relay reindex`.

-- How many there are, counted up to p_limit. Those without a row that nothing has marked are seen by list_messages_to_reindex
-- alone.
CREATE FUNCTION messaging.count_messages_to_reindex(
    p_analysis integer, p_limit integer, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    document := json_build_object('count', least(p_limit,
        (SELECT count(*) FROM (
            SELECT FROM public.messages
            WHERE awaits_reindex AND deleted_at IS NULL AND matrix_type <> 'm.room.encrypted' LIMIT p_limit) a)
        + (SELECT count(*) FROM (SELECT FROM messaging.message_search WHERE analysis < p_analysis LIMIT p_limit) o)));
END
$$;

-- A channel's messages in front of the number p_before (NULL: all) that are to be analysed, newest first, at most p_limit, each
-- with where its content is and what the index has of it. Looks at 5,000 messages at most; next is where to go on, NULL at the end.
CREATE FUNCTION messaging.list_messages_to_reindex(
    p_channel_id uuid, p_before bigint, p_analysis integer, p_limit integer,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE
-- Sorting is off for the reason that messaging.messages_beside gives.
SET enable_sort = off AS $$
DECLARE
    ch public.channels;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    WITH seen AS MATERIALIZED (
        SELECT m.id, m.seq, m.matrix_event_id, m.matrix_room_id, m.matrix_type, m.edit_event_id, m.content_preview,
            m.deleted_at, m.awaits_reindex
        FROM public.messages m
        WHERE m.channel_id = ch.id AND m.seq < coalesce(p_before, 9223372036854775807)
        ORDER BY m.seq DESC LIMIT 5000
    ), due AS MATERIALIZED (
        SELECT m.* FROM seen m LEFT JOIN messaging.message_search s ON s.message_id = m.id
        WHERE m.deleted_at IS NULL AND m.matrix_type <> 'm.room.encrypted'
            -- Of what was said in an encrypted channel the index has no text, and it is to have none.
            AND CASE WHEN s.message_id IS NOT NULL THEN s.analysis < p_analysis
                     ELSE m.awaits_reindex OR NOT ch.is_encrypted OR m.content_preview <> '' END
        ORDER BY m.seq DESC LIMIT p_limit
    ), page AS (
        SELECT CASE WHEN (SELECT count(*) FROM due) = p_limit THEN (SELECT min(d.seq) FROM due d)
                    WHEN (SELECT count(*) FROM seen) = 5000 THEN (SELECT min(m.seq) FROM seen m) END AS next
    )
    SELECT json_build_object('next', p.next,
        'looked_at', (SELECT count(*) FROM seen m WHERE m.seq >= coalesce(p.next, 0)),
        'messages', (SELECT coalesce(json_agg(json_build_object(
            'id', d.id, 'room_id', coalesce(d.matrix_room_id, ch.matrix_room_id), 'event_id', d.matrix_event_id,
            'edit_event_id', d.edit_event_id, 'content_preview', d.content_preview) ORDER BY d.seq DESC), '[]') FROM due d))
    INTO document FROM page p;
END
$$;

-- Messages were analysed: p_messages has the id, the edit_event_id of the content that was read, what it is found by, search, and
-- its file.
-- What was edited or deleted since is left alone; whoever did that has seen to it.
CREATE FUNCTION messaging.record_reindexed(
    p_channel_id uuid, p_messages jsonb, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    m public.messages;
    r record;
    indexed integer := 0;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    FOR r IN SELECT * FROM jsonb_to_recordset(p_messages) AS r (id uuid, edit_event_id text, search jsonb, file jsonb) LOOP
        SELECT * INTO m FROM public.messages
        WHERE id = r.id AND channel_id = ch.id AND deleted_at IS NULL AND matrix_type <> 'm.room.encrypted'
            AND edit_event_id IS NOT DISTINCT FROM r.edit_event_id;
        CONTINUE WHEN NOT FOUND;
        IF m.awaits_reindex THEN
            UPDATE public.messages SET awaits_reindex = false WHERE id = m.id;
        END IF;
        PERFORM messaging.index_search(m, CASE WHEN NOT (ch.is_encrypted AND m.content_preview = '') THEN r.search END);
        IF NOT EXISTS (SELECT FROM messaging.message_files WHERE message_id = m.id) THEN
            PERFORM messaging.keep_file(ch, m, nullif(r.file, 'null'));
        END IF;
        indexed := indexed + 1;
    END LOOP;
    document := json_build_object('indexed', indexed);
END
$$;
