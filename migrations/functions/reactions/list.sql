-- The same picture with and without a variation selector (U+FE0F) is one reaction to people, two to Matrix.
CREATE FUNCTION messaging.plain_emoji(p_emoji text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT replace(p_emoji, chr(65039), '')
$$;

CREATE FUNCTION messaging.list_reactions(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_message_id uuid,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT lookup.refusal INTO refusal FROM messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'read') lookup;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM public.messages WHERE id = p_message_id AND channel_id = p_channel_id) THEN
        refusal := 'message_not_found';
        RETURN;
    END IF;
    document := json_build_object('reactions', (SELECT coalesce(json_agg(json_build_object(
            'emoji', emoji, 'count', n, 'reacted', reacted, 'reactors', reactors) ORDER BY first, emoji), '[]')
        FROM (SELECT min(emoji) AS emoji, count(*) AS n, bool_or(reactor_id = p_caller) AS reacted, min(created_at) AS first,
                     to_json((array_agg(reactor_id ORDER BY created_at, id))[1:100]) AS reactors
              FROM public.message_reactions WHERE message_id = p_message_id AND removed_at IS NULL
              GROUP BY messaging.plain_emoji(emoji)) grouped));
END
$$;
