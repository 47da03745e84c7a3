CREATE FUNCTION messaging.get_message(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_message_id uuid,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    lookup record;
    ch public.channels;
    m public.messages;
    s record;
BEGIN
    lookup := messaging.find_message(p_caller, p_microdaos, p_channel_id, p_message_id, 'read');
    refusal := lookup.refusal;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    ch := lookup.channel;
    m := lookup.message;
    SELECT * INTO s FROM messaging.shown_with(m.id, m.sender_id);
    document := json_build_object('room_id', coalesce(m.matrix_room_id, ch.matrix_room_id), 'event_id', m.matrix_event_id,
        'is_deleted', m.deleted_at IS NOT NULL, 'edit_event_id', m.edit_event_id,
        'message', messaging.message_document(m, p_caller, s.name, s.avatar_url, s.has_thread, s.has_reactions)::json);
END
$$;
