-- A message as a page and GET of it show it: the row, and what depends on who reads it. Events have the row alone.

-- What is shown with a message besides its row: the name and picture of its sender, and whether there is a thread under it, and
-- reactions to it, as most have none. It is inlined into the statement that has the messages, and looks up one after the other
-- by key: the LIMIT forbids a join that reads everybody's profile, and breaks the order.
CREATE FUNCTION messaging.shown_with(p_message_id uuid, p_sender_id text)
RETURNS TABLE (name text, avatar_url text, has_thread boolean, has_reactions boolean) LANGUAGE sql STABLE ROWS 1 AS $$
    SELECT p.display_name, p.avatar_url,
        (SELECT true FROM messaging.threads t WHERE t.root_id = p_message_id AND t.reply_count > 0),
        (SELECT true FROM public.message_reactions r WHERE r.message_id = p_message_id AND r.removed_at IS NULL
         ORDER BY r.emoji, r.created_at, r.id LIMIT 1)
    FROM (VALUES (p_sender_id)) AS s (id) LEFT JOIN messaging.profiles p ON p.member_id = s.id LIMIT 1
$$;

-- The last four arguments are what shown_with says. One expression, so that it is inlined: a row that is handed on to another
-- function as a whole is copied for each of its fields.
CREATE FUNCTION messaging.message_document(
    m public.messages, p_caller text, p_name text, p_avatar_url text, p_has_thread boolean, p_has_reactions boolean
) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT messaging.message_text(m, p_name, p_avatar_url, concat(
        CASE WHEN p_has_thread THEN messaging.thread_text(m.id, p_caller) END,
        CASE WHEN m.content_type = 'poll' THEN messaging.poll_text(m.id, m.poll_ended_at, p_caller) END,
        ',"reactions":', CASE WHEN p_has_reactions AND m.deleted_at IS NULL THEN messaging.reactions_text(m.id, p_caller)
            ELSE '[]' END))
$$;
