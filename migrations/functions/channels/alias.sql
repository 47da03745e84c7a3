-- Room aliases: a channel has the one that it is given here, and no two channels, living or archived, have the same.

-- The local part of the alias that a channel composes. Private channels, direct ones among them, compose none.
CREATE FUNCTION messaging.compose_alias(p_slug text, p_microdao_id text, p_visibility text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_visibility <> 'private' THEN p_slug || '-' || regexp_replace(p_microdao_id, '^microdao:', '') END
$$;

-- Why the channel with this slug cannot have the alias: another one has it, or is being created with it. NULL when it can,
-- and then nobody else can take it until this statement has ended.
CREATE FUNCTION messaging.alias_refusal(
    p_alias_name text, p_microdao_id text, p_slug text, OUT refusal messaging.refusal
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('alias ' || p_alias_name, 0));
    IF EXISTS (SELECT FROM public.channels WHERE alias_name = p_alias_name
               AND (microdao_id, slug) IS DISTINCT FROM (p_microdao_id, p_slug)) THEN
        refusal := 'alias_taken';
    ELSIF EXISTS (SELECT FROM messaging.channel_reservations WHERE alias_name = p_alias_name
                  AND (microdao_id, slug) IS DISTINCT FROM (p_microdao_id, p_slug)
                  AND reserved_at >= now() - interval '2 minutes') THEN
        refusal := 'being_created';
    END IF;
END
$$;

-- Gives a channel that becomes public or its microDAO's the alias that it composes then; returns the one that it has. NULL
-- when that is another channel's: a look-alike must not keep a channel from being opened.
CREATE FUNCTION messaging.claim_alias(ch public.channels, p_visibility text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    composed text := messaging.compose_alias(ch.slug, ch.microdao_id, p_visibility);
BEGIN
    IF composed IS NULL OR ch.alias_name IS NOT NULL THEN
        RETURN CASE WHEN composed IS NOT NULL THEN ch.alias_name END;
    END IF;
    IF messaging.alias_refusal(composed, ch.microdao_id, ch.slug) IS NOT NULL THEN
        RETURN NULL;
    END IF;
    UPDATE public.channels SET alias_name = composed WHERE id = ch.id;
    RETURN composed;
END
$$;

-- Whether a channel has this id, or is being created with it: its room and the room's alias are not to be touched.
CREATE FUNCTION messaging.is_channel(p_channel_id uuid, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    document := json_build_object('is_channel',
        EXISTS (SELECT FROM public.channels WHERE id = p_channel_id)
        OR EXISTS (SELECT FROM messaging.channel_reservations WHERE channel_id = p_channel_id));
END
$$;
