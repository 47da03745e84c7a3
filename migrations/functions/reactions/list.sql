-- The same picture with and without a variation selector (U+FE0F) is one reaction to people, two to Matrix.
CREATE FUNCTION messaging.plain_emoji(p_emoji text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT replace(p_emoji, chr(65039), '')
$$;

-- How many different emoji a message has at most. Each is a line under the message, and a stranger's flood of them ends
-- here.
CREATE FUNCTION messaging.max_emoji_of_message() RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT 100
$$;

-- How many reactions one person has to a message at most.
CREATE FUNCTION messaging.max_reactions_of_person() RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT 20
$$;

-- The different emoji of a message, at most max_emoji_of_message. Each step finds the next one in the index, so the work
-- follows how many there are, and not how many people used each.
CREATE FUNCTION messaging.emoji_of_message(p_message_id uuid) RETURNS SETOF text LANGUAGE plpgsql STABLE ROWS 10 AS $$
DECLARE
    last text := '';
BEGIN
    FOR n IN 1..messaging.max_emoji_of_message() LOOP
        SELECT r.emoji INTO last FROM public.message_reactions r
        WHERE r.message_id = p_message_id AND r.removed_at IS NULL AND r.emoji > last
        ORDER BY r.emoji LIMIT 1;
        EXIT WHEN NOT FOUND;
        RETURN NEXT last;
    END LOOP;
END
$$;

-- The first hundred who reacted to a message with an emoji.
CREATE FUNCTION messaging.first_reactions(p_message_id uuid, p_emoji text) RETURNS SETOF public.message_reactions
LANGUAGE plpgsql STABLE ROWS 100 SET enable_sort = off AS $$
BEGIN
    RETURN QUERY SELECT * FROM public.message_reactions
    WHERE message_id = p_message_id AND emoji = p_emoji AND removed_at IS NULL ORDER BY created_at, id LIMIT 100;
END
$$;

-- Whether a person may react to a message with an emoji without its reactions becoming more than they may be.
CREATE FUNCTION messaging.has_room_for_reaction(p_message_id uuid, p_reactor_id text, p_emoji text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF (SELECT count(*) FROM public.message_reactions
        WHERE message_id = p_message_id AND reactor_id = p_reactor_id AND removed_at IS NULL)
        >= messaging.max_reactions_of_person() THEN
        RETURN false;
    END IF;
    RETURN (SELECT true FROM public.message_reactions
            WHERE message_id = p_message_id AND emoji = p_emoji AND removed_at IS NULL ORDER BY created_at, id LIMIT 1) IS NOT NULL
        OR (SELECT count(*) FROM messaging.emoji_of_message(p_message_id)) < messaging.max_emoji_of_message();
END
$$;

-- A line for each picture, however many of its variants Matrix has; a person counts once in each. A deleted message shows none.
CREATE FUNCTION messaging.list_reactions(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_message_id uuid,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    is_deleted boolean;
BEGIN
    SELECT lookup.refusal INTO refusal FROM messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'read') lookup;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT m.deleted_at IS NOT NULL INTO is_deleted FROM public.messages m WHERE m.id = p_message_id AND m.channel_id = p_channel_id;
    IF NOT FOUND THEN
        refusal := 'message_not_found';
        RETURN;
    ELSIF is_deleted THEN
        document := '{"reactions": []}';
        RETURN;
    END IF;
    document := json_build_object('reactions', (
        SELECT coalesce(json_agg(json_build_object(
            'emoji', g.emoji, 'count', g.n, 'reacted', g.reacted, 'reactors', to_json(g.reactors[1:100])) ORDER BY g.first, g.emoji), '[]')
        FROM (SELECT min(e.emoji) AS emoji, count(DISTINCT r.reactor_id) AS n, bool_or(r.reactor_id = p_caller) AS reacted,
                     min(r.created_at) AS first,
                     (SELECT array_agg(f.reactor_id ORDER BY f.at, f.id)
                      FROM (SELECT x.reactor_id, min(x.created_at) AS at, (array_agg(x.id ORDER BY x.created_at, x.id))[1] AS id
                            FROM unnest(array_agg(DISTINCT e.emoji)) variant (emoji)
                            CROSS JOIN LATERAL messaging.first_reactions(p_message_id, variant.emoji) x
                            GROUP BY x.reactor_id) f) AS reactors
              FROM messaging.emoji_of_message(p_message_id) e (emoji)
              JOIN public.message_reactions r ON r.message_id = p_message_id AND r.emoji = e.emoji AND r.removed_at IS NULL
              GROUP BY messaging.plain_emoji(e.emoji)) g));
END
$$;
