-- A message as a page and GET of it show it: the row, and what only these show. p_caller: who reads it. p_name and
-- p_avatar_url: the sender's profile.
CREATE FUNCTION messaging.message_document(m public.messages, p_caller text, p_name text, p_avatar_url text) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT (left(messaging.message_with_sender(m, p_name, p_avatar_url)::text, -1)
        || messaging.thread_text(m.id, p_caller)
        || '}')::json
$$;
