-- The messages that count as pinned, in the order of the room's list: the last 100 of it that are here and not deleted.
-- p_without: as if this message were not here.
CREATE FUNCTION messaging.pinned_messages(p_channel_id uuid, p_without uuid DEFAULT NULL) RETURNS SETOF public.messages
LANGUAGE plpgsql STABLE ROWS 100 AS $$
BEGIN
    RETURN QUERY SELECT m.* FROM (
        SELECT m.id, p.place FROM messaging.pins p JOIN public.messages m ON m.matrix_event_id = p.event_id
        WHERE p.channel_id = p_channel_id AND m.channel_id = p_channel_id AND m.deleted_at IS NULL
            AND m.id IS DISTINCT FROM p_without
        ORDER BY p.place DESC LIMIT 100) last
    JOIN public.messages m ON m.id = last.id ORDER BY last.place;
END
$$;

CREATE FUNCTION messaging.list_pins(
    p_caller text, p_microdaos text[], p_channel_id uuid, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT lookup.refusal INTO refusal FROM messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'read') lookup;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    document := json_build_object('items', coalesce(array_to_json(ARRAY(
        SELECT messaging.message_document(m, p_caller, s.name, s.avatar_url, s.has_thread, s.has_reactions)::json
        FROM messaging.pinned_messages(p_channel_id) m CROSS JOIN LATERAL messaging.shown_with(m.id, m.sender_id) s)), '[]'));
END
$$;
