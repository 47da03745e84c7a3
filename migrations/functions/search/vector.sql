-- What a message is found by: its words, and marks of what it is. A mark is a lexeme that begins with a colon, which no word
-- does, so that operators are looked up in the same index as words, together with them.

-- What a row of message_search has as its lexemes. p_words: the literal that the analysis made of the text. What can change
-- without the message being indexed again (reactions, pins, threads) has no mark.
CREATE FUNCTION messaging.search_vector(m public.messages, p_words text, p_has_link boolean) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN p_words::tsvector || array_to_tsvector(
        ARRAY[':from ' || m.sender_id]
        || CASE WHEN m.sender_type = 'agent' THEN ARRAY[':agent'] END
        || CASE WHEN m.content_type IN ('image', 'file', 'audio', 'video') THEN ARRAY[':has ' || m.content_type] END
        || CASE WHEN p_has_link THEN ARRAY[':has link'] END
        || ARRAY(SELECT ':mentions ' || id FROM unnest(m.mentions) AS n (id)));
END
$$;

-- Finds what has one of these marks; with none of them, nothing.
CREATE FUNCTION messaging.search_marked(p_marks text[]) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN coalesce((SELECT string_agg('''' || replace(replace(mark, '\', '\\'), '''', '''''') || '''', ' | ')
                     FROM unnest(p_marks) AS n (mark)), ''':nothing''')::tsquery;
END
$$;
