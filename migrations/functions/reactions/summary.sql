-- The reactions of a message as a page shows them, as the text of a JSON array.

-- How many reactions with one emoji are counted at most: a page has many messages, and each may have any number of them.
CREATE FUNCTION messaging.max_counted_reactions() RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT 1000
$$;

-- The 50 pictures that were used first, in that order; a person counts once in each, however many of its variants Matrix has.
-- Where there are more reactions than are counted with one emoji, each emoji is counted by itself.
CREATE FUNCTION messaging.reactions_text(p_message_id uuid, p_caller text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    shown text;
    total bigint;
BEGIN
    SELECT json_agg(json_build_object('emoji', s.emoji, 'count', s.n, 'reacted', s.reacted) ORDER BY s.first, s.emoji)
        FILTER (WHERE s.place <= 50)::text, sum(s.events)
    INTO shown, total
    FROM (SELECT min(r.emoji) AS emoji, min(r.created_at) AS first, count(DISTINCT r.reactor_id) AS n, count(*) AS events,
                 coalesce(bool_or(r.reactor_id = p_caller), false) AS reacted,
                 row_number() OVER (ORDER BY min(r.created_at), min(r.emoji)) AS place
          FROM (SELECT * FROM public.message_reactions
                WHERE message_id = p_message_id AND removed_at IS NULL
                ORDER BY reactor_id LIMIT messaging.max_counted_reactions() + 1) r
          GROUP BY messaging.plain_emoji(r.emoji)) s;
    IF total > messaging.max_counted_reactions() THEN
        shown := messaging.many_reactions_text(p_message_id, p_caller);
    END IF;
    RETURN coalesce(shown, '[]');
END
$$;

CREATE FUNCTION messaging.many_reactions_text(p_message_id uuid, p_caller text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    mine text[] := ARRAY(SELECT messaging.plain_emoji(r.emoji) FROM public.message_reactions r
                         WHERE r.message_id = p_message_id AND r.reactor_id = p_caller AND r.removed_at IS NULL);
BEGIN
    RETURN (
        SELECT json_agg(json_build_object('emoji', s.emoji, 'count', s.n, 'reacted', s.picture = ANY (mine))
                        ORDER BY s.first, s.emoji)
        FROM (SELECT messaging.plain_emoji(e.emoji) AS picture, min(e.emoji) AS emoji, min(r.created_at) AS first,
                     least(count(DISTINCT r.reactor_id), messaging.max_counted_reactions()) AS n
              FROM messaging.emoji_of_message(p_message_id) e (emoji)
              CROSS JOIN LATERAL messaging.earliest_reactions(p_message_id, e.emoji) r
              GROUP BY messaging.plain_emoji(e.emoji) ORDER BY 3, 2 LIMIT 50) s);
END
$$;

-- The reactions to a message with an emoji, as many as are counted, the earliest.
CREATE FUNCTION messaging.earliest_reactions(p_message_id uuid, p_emoji text)
RETURNS TABLE (reactor_id text, created_at timestamptz) LANGUAGE plpgsql STABLE ROWS 10 SET enable_sort = off AS $$
BEGIN
    RETURN QUERY SELECT r.reactor_id, r.created_at FROM public.message_reactions r
    WHERE r.message_id = p_message_id AND r.emoji = p_emoji AND r.removed_at IS NULL
    ORDER BY r.created_at, r.id LIMIT messaging.max_counted_reactions();
END
$$;
