-- A message as a page shows it: the row, and what depends on who reads it. Events have the row alone.

-- One expression, so that it is inlined: a row that is handed on to another function as a whole is copied for each of its fields.
CREATE FUNCTION messaging.message_document(m public.messages, p_caller text) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT (left(messaging.message_json(m)::text, -1)
        || ', "reactions" : ' || CASE WHEN m.deleted_at IS NULL THEN messaging.reactions_text(m.id, p_caller) ELSE '[]' END
        || '}')::json
$$;
