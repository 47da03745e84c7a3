-- A message as a page and GET of it show it: the row, and what only these show. p_caller: who reads it.
CREATE FUNCTION messaging.message_document(m public.messages, p_caller text) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT (left(messaging.message_json(m)::text, -1)
        || messaging.thread_text(m.id, p_caller)
        || '}')::json
$$;
