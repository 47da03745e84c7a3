-- What a message is found by: its words, and marks of what it is. A mark is a lexeme that begins with a colon, which no word
-- does, so that operators are looked up in the same index as words, together with them.

-- What a row of message_search has as its lexemes, beside messaging.changing_marks. p_words: the literal that the analysis made
-- of the text. p_is_pinned: whether it has that mark already.
CREATE FUNCTION messaging.search_vector(
    m public.messages, p_words text, p_has_link boolean, p_is_pinned boolean DEFAULT false
) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN p_words::tsvector || array_to_tsvector(
        ARRAY[':from ' || m.sender_id]
        || CASE WHEN m.sender_type = 'agent' THEN ARRAY[':agent'] END
        || CASE WHEN m.content_type IN ('image', 'file', 'audio', 'video') THEN ARRAY[':has ' || m.content_type] END
        || CASE WHEN p_has_link THEN ARRAY[':has link'] END
        || CASE WHEN p_is_pinned THEN ARRAY[':has pin'] END
        || ARRAY(SELECT ':mentions ' || id FROM unnest(m.mentions) AS n (id)));
END
$$;

-- Whether a message is pinned; a room can say so of one that is not here yet.
CREATE FUNCTION messaging.is_pinned(m public.messages) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM messaging.pins p WHERE p.channel_id = m.channel_id AND p.event_id = m.matrix_event_id);
END
$$;

-- The marks of what can change without the message being indexed again: whether it has reactions, a thread, a pin.
CREATE FUNCTION messaging.changing_marks(m public.messages) RETURNS tsvector LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array_to_tsvector(array_remove(ARRAY[
        CASE WHEN EXISTS (SELECT FROM public.message_reactions r WHERE r.message_id = m.id AND r.removed_at IS NULL)
            THEN ':has reaction' END,
        CASE WHEN EXISTS (SELECT FROM messaging.threads t WHERE t.root_id = m.id AND t.reply_count > 0) THEN ':has thread' END,
        CASE WHEN messaging.is_pinned(m) THEN ':has pin' END], NULL));
END
$$;

-- Finds what has one of these marks; with none of them, nothing.
CREATE FUNCTION messaging.search_marked(p_marks text[]) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN coalesce((SELECT string_agg('''' || replace(replace(mark, '\', '\\'), '''', '''''') || '''', ' | ')
                     FROM unnest(p_marks) AS n (mark)), ''':nothing''')::tsquery;
END
$$;
