-- A channel as a list or a GET of it shows it: the row, and what depends on who asks.
CREATE FUNCTION messaging.channel_document(ch public.channels, p_caller text, p_microdaos text[]) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (left(messaging.channel_json(ch)::text, -1)
        || ',' || messaging.reading_text(ch, p_caller, p_microdaos)
        || '}')::json;
END
$$;
