-- A message as a page and GET of it show it: the row, and what depends on who reads it. Events have the row alone. p_name and
-- p_avatar_url: the sender's profile.
--
-- One expression, so that it is inlined: a row that is handed on to another function as a whole is copied for each of its fields.
CREATE FUNCTION messaging.message_document(m public.messages, p_caller text, p_name text, p_avatar_url text) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT (left(messaging.message_with_sender(m, p_name, p_avatar_url)::text, -1)
        || messaging.thread_text(m.id, p_caller)
        || CASE WHEN m.content_type = 'poll' THEN messaging.poll_text(m.id, m.poll_ended_at, p_caller) ELSE '' END
        || ', "reactions" : ' || CASE WHEN m.deleted_at IS NULL THEN messaging.reactions_text(m.id, p_caller) ELSE '[]' END
        || '}')::json
$$;
