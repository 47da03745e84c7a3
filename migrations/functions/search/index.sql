-- What messages are found by, kept by the statements that write them.
--
-- p_search is what the core makes of a text (`search::Entry`): lexemes, the literal of a tsvector; has_link; and analysis, the
-- version of what made them. NULL is what components say that know nothing of search: the message is left to `ws-relay reindex`.

-- Writes what a message is found by; without p_search it is found by nothing. Whoever calls it knows that the message is neither
-- deleted nor encrypted.
CREATE FUNCTION messaging.index_search(m public.messages, p_search jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM messaging.unlearn_words(m);
    IF p_search IS NULL THEN
        DELETE FROM messaging.message_search WHERE message_id = m.id;
        RETURN;
    END IF;
    INSERT INTO messaging.message_search (message_id, channel_id, created_at, analysis, lexemes)
    VALUES (m.id, m.channel_id, m.created_at, (p_search ->> 'analysis')::smallint,
            messaging.search_vector(m, p_search ->> 'lexemes', (p_search ->> 'has_link')::boolean))
    ON CONFLICT (message_id) DO UPDATE SET analysis = EXCLUDED.analysis, lexemes = EXCLUDED.lexemes;
    INSERT INTO messaging.search_words_to_learn (message_id) VALUES (m.id) ON CONFLICT DO NOTHING;
END
$$;
