-- What messages are found by, kept by the statements that write them.
--
-- p_search is what the core makes of a text (`search::Entry`): lexemes, the literal of a tsvector; has_link; and analysis, the
-- version of what made them. NULL is what components say that know nothing of search: the message is left to `ws-relay reindex`.

-- Writes what a message is found by; without p_search it is found by nothing. Whoever calls it knows that the message is neither
-- deleted nor encrypted. p_is_new: the same statement has made it, so that it has no row yet; nobody can have reacted to it, and
-- who finds that it has a thread marks it.
CREATE FUNCTION messaging.index_search(m public.messages, p_search jsonb, p_is_new boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF p_is_new THEN
        INSERT INTO messaging.message_search (message_id, channel_id, created_at, analysis, lexemes)
        VALUES (m.id, m.channel_id, m.created_at, (p_search ->> 'analysis')::smallint,
                messaging.search_vector(m, p_search ->> 'lexemes', (p_search ->> 'has_link')::boolean, messaging.is_pinned(m)));
        INSERT INTO messaging.search_words_to_learn (message_id) VALUES (m.id) ON CONFLICT DO NOTHING;
        RETURN;
    END IF;
    PERFORM messaging.unlearn_words(m);
    IF p_search IS NULL THEN
        DELETE FROM messaging.message_search WHERE message_id = m.id;
        RETURN;
    END IF;
    INSERT INTO messaging.message_search (message_id, channel_id, created_at, analysis, lexemes)
    VALUES (m.id, m.channel_id, m.created_at, (p_search ->> 'analysis')::smallint,
            messaging.search_vector(m, p_search ->> 'lexemes', (p_search ->> 'has_link')::boolean) || messaging.changing_marks(m))
    ON CONFLICT (message_id) DO UPDATE SET analysis = EXCLUDED.analysis, lexemes = EXCLUDED.lexemes;
    INSERT INTO messaging.search_words_to_learn (message_id) VALUES (m.id) ON CONFLICT DO NOTHING;
END
$$;

-- What messaging.changing_marks tells of a message may have changed. Whoever calls it holds the channel's row, as whoever indexes
-- the message does: otherwise one of them would not see what the other writes.
CREATE FUNCTION messaging.mark_search(p_message_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE messaging.message_search s SET lexemes = now.lexemes
    FROM (SELECT known.message_id,
              ts_delete(known.lexemes, ARRAY[':has reaction', ':has thread', ':has pin']) || messaging.changing_marks(m) AS lexemes
          FROM messaging.message_search known JOIN public.messages m ON m.id = known.message_id
          WHERE known.message_id = p_message_id) now
    WHERE s.message_id = now.message_id AND s.lexemes <> now.lexemes;
END
$$;
