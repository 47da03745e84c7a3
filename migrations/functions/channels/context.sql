-- What an agent filter asks: which agents may write in this channel?
CREATE FUNCTION messaging.get_agent_context(p_channel_id uuid, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch public.channels;
    allowed json;
    disabled json;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    SELECT coalesce(json_agg(m.member_id ORDER BY m.member_id) FILTER (WHERE m.can_write AND ch.archived_at IS NULL), '[]'),
           coalesce(json_agg(m.member_id ORDER BY m.member_id) FILTER (WHERE NOT (m.can_write AND ch.archived_at IS NULL)), '[]')
    INTO allowed, disabled
    FROM public.channel_members m
    WHERE m.channel_id = ch.id AND m.member_type = 'agent' AND m.left_at IS NULL AND m.joined_at IS NOT NULL;
    document := json_build_object(
        'channel_id', ch.id, 'microdao_id', ch.microdao_id, 'visibility', ch.visibility, 'slug', ch.slug,
        'name', ch.name, 'topic', ch.topic, 'is_direct', ch.is_direct, 'is_encrypted', ch.is_encrypted,
        'archived_at', messaging.rfc3339(ch.archived_at), 'allowed_agents', allowed, 'disabled_agents', disabled);
END
$$;
