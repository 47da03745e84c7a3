-- The members of a channel, by id. p_after is the last one of the page before.
CREATE FUNCTION messaging.list_members(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_limit integer, p_after uuid,
    OUT refusal messaging.refusal, OUT document text
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    after uuid := coalesce(p_after, '00000000-0000-0000-0000-000000000000');
    items text[];
    ids uuid[];
BEGIN
    SELECT lookup.refusal INTO refusal FROM messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'know') lookup;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    -- One more than the page tells whether there is a next one.
    SELECT array_agg(messaging.member_text(m, p.display_name, p.avatar_url)), array_agg(m.id) INTO items, ids
    FROM (SELECT * FROM public.channel_members
          WHERE channel_id = p_channel_id AND left_at IS NULL AND id > after
          ORDER BY id LIMIT p_limit + 1) m
    -- One after the other, by key: any other join reads everybody's profile, and breaks the order.
    LEFT JOIN LATERAL (SELECT n.display_name, n.avatar_url FROM messaging.profiles n
                       WHERE n.member_id = m.member_id LIMIT 1) p ON true;
    document := concat('{"items":[', array_to_string(items[:p_limit], ','), '],"links":{',
        CASE WHEN cardinality(ids) > p_limit THEN '"next":"cursor=' || ids[p_limit] || '"' END, '}}');
END
$$;

-- The Matrix ids of our own users who came in within the last minute, the latest first.
CREATE FUNCTION messaging.list_recent_joins(p_channel_id uuid, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT coalesce(json_agg(m.matrix_user_id), '[]') INTO document
    FROM (SELECT matrix_user_id FROM public.channel_members
          WHERE channel_id = p_channel_id AND left_at IS NULL AND joined_at > now() - interval '1 minute'
              AND (member_id LIKE 'user:%' OR member_id LIKE 'agent:%')
          ORDER BY joined_at DESC LIMIT 100) m;
END
$$;
